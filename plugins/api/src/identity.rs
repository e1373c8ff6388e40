//! Who someone turned out to be.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::Attributes;

/// A person, as their source names and describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who it is, for good.
    pub subject: Subject,
    /// What the source says of them.
    pub attributes: Attributes,
    /// What another site said of the login, if one was asked.
    pub evidence: Option<Evidence>,
    /// What the person should know of their password, after a login with it.
    pub warning: Option<PasswordWarning>,
}

impl Identity {
    /// A person of whom neither another site nor the state of their password has told anything.
    pub fn new(subject: Subject, attributes: Attributes) -> Self {
        Self { subject, attributes, evidence: None, warning: None }
    }
}

/// What the source says of a password beside that it is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordWarning {
    /// It must be changed within this time.
    Expires(Duration),
    /// It has expired, and this many more logins are let through.
    GraceLogins(u32),
}

/// The source's own permanent identifier of a person: an `entryUUID`, a primary key, a `NameID`.
///
/// Never a login name or a DN, which change, and which another person can be given later.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

/// Why a text cannot be a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadSubject {
    /// It names nobody.
    #[error("the subject is empty")]
    Empty,
    /// More than 255 bytes.
    #[error("the subject is longer than 255 bytes")]
    Long,
    /// A NUL or another control character.
    #[error("the subject has a control character in it")]
    Control,
}

impl Subject {
    /// In bytes.
    pub const LONGEST: usize = 255;

    /// Takes the identifier as the source wrote it. It is compared byte by byte.
    pub fn parse(subject: impl Into<String>) -> Result<Self, BadSubject> {
        let subject = subject.into();
        if subject.is_empty() {
            return Err(BadSubject::Empty);
        }
        if subject.len() > Self::LONGEST {
            return Err(BadSubject::Long);
        }
        if subject.chars().any(char::is_control) {
            return Err(BadSubject::Control);
        }
        Ok(Self(subject))
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What another site said of the login that it vouches for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The methods used (RFC 8176): `pwd`, `otp`, ...
    pub amr: Vec<String>,
    /// The class of the login, in the words of that site.
    pub acr: Option<String>,
    /// When the person proved who they are, in seconds since 1970.
    pub auth_time: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_somebody() {
        assert_eq!(Subject::parse(""), Err(BadSubject::Empty));
        assert_eq!(Subject::parse("x".repeat(256)), Err(BadSubject::Long));
        assert_eq!(Subject::parse("x\0"), Err(BadSubject::Control));
        assert_eq!(Subject::parse("A b").unwrap().as_str(), "A b");
    }
}
