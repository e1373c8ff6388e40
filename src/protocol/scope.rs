//! Scope (RFC 6749 §3.3): the one place that parses and narrows it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::{Code, Error};

/// "This scope value requests that an Authorization ... be able to authenticate the End-User" (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// Asks for a Refresh Token that outlives the session (OIDC Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// What separates the names in a request. An answer always uses spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    #[default]
    Space,
    Comma,
}

/// A set of names: "their order does not matter".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// Names outside `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` are `invalid_scope`.
    pub fn parse(text: &str, delimiter: Delimiter) -> Result<Self, Error> {
        let names = text.split(|character| match delimiter {
            Delimiter::Space => character == ' ',
            Delimiter::Comma => character == ' ' || character == ',',
        });
        let names: BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
        if !names.iter().all(|name| is_token(name)) {
            return Err(
                Code::InvalidScope.because("scope holds a character that no scope may hold")
            );
        }
        Ok(Self(names.into_iter().map(str::to_owned).collect()))
    }

    /// What both hold. Narrowing is nothing but this.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The first name of ours that `other` lacks.
    pub fn beyond<'a>(&'a self, other: &'a Self) -> Option<&'a str> {
        self.0.difference(&other.0).next().map(String::as_str)
    }
}

/// Whether a scope may have this name, given how the client separates names.
pub fn is_name(name: &str, delimiter: Delimiter) -> bool {
    is_token(name) && !(delimiter == Delimiter::Comma && name.contains(','))
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.iter();
        names.next().map_or(Ok(()), |first| f.write_str(first))?;
        names.try_for_each(|name| write!(f, " {name}"))
    }
}

impl<'a> FromIterator<&'a str> for Scope {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Self(names.into_iter().map(str::to_owned).collect())
    }
}

/// Reads what [`Scope`] has written: names by spaces.
impl From<String> for Scope {
    fn from(text: String) -> Self {
        text.split(' ').filter(|name| !name.is_empty()).collect()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::scope;

    #[test]
    fn names_are_separated_by_spaces_and_for_some_clients_by_commas() {
        for (text, delimiter, names) in [
            ("openid profile", Delimiter::Space, "openid profile"),
            ("profile openid profile", Delimiter::Space, "openid profile"),
            ("  openid   profile ", Delimiter::Space, "openid profile"),
            ("openid,profile", Delimiter::Space, "openid,profile"),
            ("openid,profile", Delimiter::Comma, "openid profile"),
            ("openid, profile,,email", Delimiter::Comma, "openid profile email"),
            ("openid profile", Delimiter::Comma, "openid profile"),
            ("Openid", Delimiter::Space, "Openid"),
            ("!#[]~", Delimiter::Space, "!#[]~"),
            ("", Delimiter::Space, ""),
            (" ,", Delimiter::Comma, ""),
        ] {
            assert_eq!(Scope::parse(text, delimiter), Ok(scope(names)), "{text:?}");
        }
    }

    #[test]
    fn a_character_that_no_scope_may_hold_is_invalid_scope() {
        for text in ["a\tb", "a\nb", "a\"b", "a\\b", "ü", "a\u{a0}b", "a\u{7f}", "\u{fffd}"] {
            let error = Scope::parse(text, Delimiter::Space).unwrap_err();
            assert_eq!(error.code, Code::InvalidScope, "{text:?}");
        }
    }

    #[test]
    fn an_answer_uses_spaces() {
        let scope = Scope::parse("b,a", Delimiter::Comma).unwrap();
        assert_eq!(scope.to_string(), "a b");
        assert_eq!(serde_json::to_string(&scope).unwrap(), "\"a b\"");
    }

    #[test]
    fn the_first_name_beyond_is_told() {
        assert_eq!(scope("a b").beyond(&scope("a b c")), None);
        assert_eq!(scope("a b").beyond(&scope("a")), Some("b"));
    }
}
