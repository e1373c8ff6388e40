//! What a directory says of a password beside the result: the password policy control
//! (draft-behera-ldap-password-policy-10 §6.2), and the two that Netscape's descendants send.
//!
//! *Why* a reader of our own: the bytes come from the other side, before anybody is known. It takes
//! definite lengths, the elements of the draft in their order and nothing behind them, and neither
//! recurses nor allocates. LD5

use std::time::Duration;

use ldap3::controls::RawControl;
use vestibule_plugin::PasswordWarning;

use crate::wire::PASSWORD_POLICY;

/// "Password expired" (draft-vchu-ldap-pwd-policy-00 §3.1): on success, only a change may follow.
const NETSCAPE_EXPIRED: &str = "2.16.840.1.113730.3.4.4";
/// "Password expiring": the seconds that are left, as digits.
const NETSCAPE_EXPIRING: &str = "2.16.840.1.113730.3.4.5";

/// What the policy says of a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) warning: Option<PasswordWarning>,
    pub(crate) error: Option<PolicyError>,
}

/// Why the policy objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyError {
    PasswordExpired,
    AccountLocked,
    ChangeAfterReset,
    ModificationNotAllowed,
    MustSupplyOldPassword,
    InsufficientQuality,
    TooShort,
    TooYoung,
    InHistory,
    /// OpenLDAP 2.6 and later.
    TooLong,
    /// A number that no draft knows.
    Other(u32),
}

/// A control that its own specification does not explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the directory sent a password policy control that cannot be read")]
pub(crate) struct Malformed;

impl Policy {
    /// What the controls of a response say; nothing if none is of this kind.
    pub(crate) fn read(controls: &[RawControl]) -> Result<Self, Malformed> {
        let find = |oid| controls.iter().find(|control| control.ctype == oid);
        let mut policy = match find(PASSWORD_POLICY) {
            Some(control) => Self::parse(control.val.as_deref().ok_or(Malformed)?)?,
            None => Self::default(),
        };
        if policy.warning.is_none() && policy.error.is_none() {
            policy.warning = find(NETSCAPE_EXPIRING)
                .and_then(|control| std::str::from_utf8(control.val.as_deref()?).ok())
                .and_then(|digits| digits.trim().parse().ok())
                .map(|seconds| PasswordWarning::Expires(Duration::from_secs(seconds)));
            if find(NETSCAPE_EXPIRED).is_some() {
                policy.error = Some(PolicyError::PasswordExpired);
            }
        }
        Ok(policy)
    }

    /// `SEQUENCE { warning [0] CHOICE { timeBeforeExpiration [0], graceAuthNsRemaining [1] } OPTIONAL,
    /// error [1] ENUMERATED OPTIONAL }`
    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let (mut fields, rest) = element(value, 0x30)?;
        let mut policy = Self::default();
        if let Ok((choice, behind)) = element(fields, 0xa0) {
            policy.warning = Some(warning(choice)?);
            fields = behind;
        }
        if !fields.is_empty() {
            let (error, behind) = element(fields, 0x81)?;
            policy.error = Some(number(error)?.into());
            fields = behind;
        }
        if fields.is_empty() && rest.is_empty() { Ok(policy) } else { Err(Malformed) }
    }
}

fn warning(choice: &[u8]) -> Result<PasswordWarning, Malformed> {
    let (warning, behind) = if let Ok((seconds, behind)) = element(choice, 0x80) {
        (PasswordWarning::Expires(Duration::from_secs(number(seconds)?.into())), behind)
    } else {
        let (logins, behind) = element(choice, 0x81)?;
        (PasswordWarning::GraceLogins(number(logins)?), behind)
    };
    if behind.is_empty() { Ok(warning) } else { Err(Malformed) }
}

/// The content of the element of this tag at the beginning, and what is behind it.
fn element(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), Malformed> {
    let (length, content) = match bytes {
        [found, ..] if *found != tag => return Err(Malformed),
        [_, length @ 0..=0x7f, content @ ..] => (usize::from(*length), content),
        // 389 always takes four bytes for a length.
        [_, size @ 0x81..=0x84, rest @ ..] => {
            let (length, content) =
                rest.split_at_checked(usize::from(size - 0x80)).ok_or(Malformed)?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), content)
        }
        _ => return Err(Malformed),
    };
    content.split_at_checked(length).ok_or(Malformed)
}

/// An INTEGER or ENUMERATED of 0 to 2³¹-1: the `maxInt` of RFC 4511 §4.1.1.
fn number(content: &[u8]) -> Result<u32, Malformed> {
    match content {
        [] | [_, _, _, _, _, ..] | [0x80..=0xff, ..] => Err(Malformed),
        digits => Ok(digits.iter().fold(0, |sum, digit| sum << 8 | u32::from(*digit))),
    }
}

impl From<u32> for PolicyError {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::PasswordExpired,
            1 => Self::AccountLocked,
            2 => Self::ChangeAfterReset,
            3 => Self::ModificationNotAllowed,
            4 => Self::MustSupplyOldPassword,
            5 => Self::InsufficientQuality,
            6 => Self::TooShort,
            7 => Self::TooYoung,
            8 => Self::InHistory,
            9 => Self::TooLong,
            other => Self::Other(other),
        }
    }
}

#[cfg(test)]
mod tests;
