//! What a person types: a name and a password, refused here if no source could mean it well.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A login name, already normalised by the host: compare it byte by byte.
///
/// Not empty, at most 255 bytes, without control characters and without spaces at its edges.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// Why a text cannot be a login name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadUsername {
    /// Nothing was typed.
    #[error("the name is empty")]
    Empty,
    /// More than 255 bytes.
    #[error("the name is longer than 255 bytes")]
    Long,
    /// A NUL, a line break or another control character.
    #[error("the name has a control character in it")]
    Control,
    /// A space before or behind it.
    #[error("the name begins or ends with a space")]
    Space,
    /// A character that names do not have.
    #[error("the name has a character in it that names do not have")]
    Character,
}

impl Username {
    /// In bytes.
    pub const LONGEST: usize = 255;

    /// Takes a name as it is; case and Unicode forms are the caller's to have normalised.
    pub fn parse(name: &str) -> Result<Self, BadUsername> {
        if name.is_empty() {
            return Err(BadUsername::Empty);
        }
        if name.len() > Self::LONGEST {
            return Err(BadUsername::Long);
        }
        if name.chars().any(char::is_control) {
            return Err(BadUsername::Control);
        }
        if name.trim() != name {
            return Err(BadUsername::Space);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password. Does not print, and is wiped from memory when dropped.
///
/// Never empty or blank: directories answer a bind with an empty password with success (RFC 4513
/// §5.1.2, "unauthenticated authentication"). Never with a NUL, at which libraries in C would cut it.
pub struct Password(Zeroizing<String>);

/// Why a text cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadPassword {
    /// Nothing but spaces, if anything.
    #[error("the password is blank")]
    Blank,
    /// More than 1024 bytes.
    #[error("the password is longer than 1024 bytes")]
    Long,
    /// A NUL in it.
    #[error("the password has a NUL in it")]
    Nul,
}

impl Password {
    /// In bytes. Slow hashes of megabytes would be a gift to whoever wants to keep us busy.
    pub const LONGEST: usize = 1024;

    /// Takes what was typed, letter for letter. The text is wiped even if it is refused.
    pub fn parse(password: String) -> Result<Self, BadPassword> {
        let password = Zeroizing::new(password);
        if password.contains('\0') {
            return Err(BadPassword::Nul);
        }
        if password.trim().is_empty() {
            return Err(BadPassword::Blank);
        }
        if password.len() > Self::LONGEST {
            return Err(BadPassword::Long);
        }
        Ok(Self(password))
    }

    /// The password in the open, for the one call that checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // LD1
    #[test]
    fn blank_passwords_cannot_be_made() {
        for blank in ["", " ", "\t\r\n", "\u{a0}", "\u{2003} "] {
            assert_eq!(Password::parse(blank.to_owned()).err(), Some(BadPassword::Blank));
        }
        for nul in ["\0", "\0\0\0", "secret\0", "\0secret"] {
            assert_eq!(Password::parse(nul.to_owned()).err(), Some(BadPassword::Nul));
        }
        assert_eq!(Password::parse("x".repeat(1025)).err(), Some(BadPassword::Long));
        assert_eq!(Password::parse(" x ".to_owned()).unwrap().expose(), " x ");
    }

    // LG1
    #[test]
    fn a_password_does_not_print() {
        let password = Password::parse("canary-83".to_owned()).unwrap();
        assert!(!format!("{password:?} {password:#?}").contains("canary"));
    }

    #[test]
    fn a_name_has_no_control_characters_and_no_edge_spaces() {
        assert_eq!(Username::parse(""), Err(BadUsername::Empty));
        assert_eq!(Username::parse(&"x".repeat(256)), Err(BadUsername::Long));
        for control in ["alice\0", "\0", "al\nice", "alice\u{7f}", "a\u{85}b"] {
            assert_eq!(Username::parse(control), Err(BadUsername::Control));
        }
        for space in [" alice", "alice ", "alice\u{a0}"] {
            assert_eq!(Username::parse(space), Err(BadUsername::Space));
        }
        assert_eq!(Username::parse("CORP\\alice").unwrap().as_str(), "CORP\\alice");
    }
}
