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
        [_, 0x81, length, content @ ..] => (usize::from(*length), content),
        [_, 0x82, high, low, content @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), content)
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expires(seconds: u64) -> PasswordWarning {
        PasswordWarning::Expires(Duration::from_secs(seconds))
    }

    fn control(oid: &str, value: Option<&[u8]>) -> RawControl {
        RawControl { ctype: oid.to_owned(), crit: false, val: value.map(<[u8]>::to_vec) }
    }

    /// The bytes that real servers were seen to send.
    #[test]
    fn the_answers_of_real_servers_are_read() {
        for (bytes, warning, error) in [
            (&b"\x30\x03\x81\x01\x00"[..], None, Some(PolicyError::PasswordExpired)),
            (b"\x30\x03\x81\x01\x01", None, Some(PolicyError::AccountLocked)),
            (
                b"\x30\x0b\xa0\x06\x80\x04\x01\xe1\x33\x58\x81\x01\x02",
                Some(expires(31_535_960)),
                Some(PolicyError::ChangeAfterReset),
            ),
            (b"\x30\x05\xa0\x03\x81\x01\x01", Some(PasswordWarning::GraceLogins(1)), None),
            (b"\x30\x00", None, None),
            (b"\x30\x81\x03\x81\x01\x08", None, Some(PolicyError::InHistory)),
        ] {
            assert_eq!(Policy::parse(bytes), Ok(Policy { warning, error }), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_the_draft_does_not_explain_is_malformed() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x80\x00\x00",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x03\x81\x01",
            b"\x30\x03\x81\x01\x00\x00",
            b"\x30\x03\x81\x01\xff",
            b"\x30\x02\x81\x00",
            b"\x30\x07\x81\x05\x01\x01\x01\x01\x01",
            b"\x30\x02\xa0\x00",
            b"\x30\x08\xa0\x06\x80\x01\x01\x81\x01\x01",
            b"\x30\x08\x81\x01\x00\xa0\x03\x80\x01\x01",
            b"\x31\x03\x81\x01\x00",
        ] {
            assert_eq!(Policy::parse(bytes), Err(Malformed), "{bytes:02x?}");
        }
        assert_eq!(Policy::read(&[control(PASSWORD_POLICY, None)]), Err(Malformed));
    }

    #[test]
    fn the_older_controls_speak_where_the_newer_says_nothing() {
        let soon = control(NETSCAPE_EXPIRING, Some(b"3600"));
        let over = control(NETSCAPE_EXPIRED, Some(b"0"));
        let policy = Policy::read(std::slice::from_ref(&soon)).unwrap();
        assert_eq!(policy, Policy { warning: Some(expires(3600)), error: None });
        let policy = Policy::read(std::slice::from_ref(&over)).unwrap();
        assert_eq!(policy.error, Some(PolicyError::PasswordExpired));
        // 389 sends it with each grace login too.
        let grace = control(PASSWORD_POLICY, Some(b"\x30\x05\xa0\x03\x81\x01\x01"));
        let policy = Policy::read(&[over, grace]).unwrap();
        assert_eq!(policy.warning, Some(PasswordWarning::GraceLogins(1)));
        assert_eq!(policy.error, None);
    }

    /// Minimal BER, as a server would write it.
    fn encode(policy: Policy) -> Vec<u8> {
        let wrap = |tag: u8, content: Vec<u8>| {
            let length = u8::try_from(content.len()).unwrap();
            [vec![tag, length], content].concat()
        };
        let digits = |number: u32| {
            let bytes = number.to_be_bytes();
            let zeros = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
            let minimal = bytes[zeros..].to_vec();
            if minimal[0] >= 0x80 { [vec![0], minimal].concat() } else { minimal }
        };
        let warning = policy.warning.map(|warning| match warning {
            PasswordWarning::Expires(time) => {
                wrap(0x80, digits(u32::try_from(time.as_secs()).unwrap()))
            }
            PasswordWarning::GraceLogins(left) => wrap(0x81, digits(left)),
        });
        let error = policy.error.map(|error| {
            let number = (0..=9).find(|number| PolicyError::from(*number) == error);
            wrap(0x81, digits(number.unwrap()))
        });
        let warning = warning.map(|warning| wrap(0xa0, warning));
        wrap(0x30, [warning.unwrap_or_default(), error.unwrap_or_default()].concat())
    }

    prop_compose! {
        fn policies()(
            warning in prop::option::of(prop_oneof![
                (0..0x8000_0000_u64).prop_map(expires),
                (0..0x8000_0000_u32).prop_map(PasswordWarning::GraceLogins),
            ]),
            error in prop::option::of((0..=9_u32).prop_map(PolicyError::from)),
        ) -> Policy {
            Policy { warning, error }
        }
    }

    proptest! {
        // LD5
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Policy::parse(&bytes);
        }

        // LD5
        #[test]
        fn a_control_with_one_byte_changed_is_read_or_refused(
            policy in policies(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = encode(policy);
            *place.get_mut(&mut bytes) = byte;
            let _ = Policy::parse(&bytes);
        }

        #[test]
        fn what_was_written_is_read(policy in policies()) {
            let number = encode(policy);
            prop_assert_eq!(Policy::parse(&number), Ok(policy));
        }

        #[test]
        fn no_part_of_a_control_is_a_control(policy in policies(), cut in any::<prop::sample::Index>()) {
            let bytes = encode(policy);
            let cut = cut.index(bytes.len());
            prop_assert_eq!(Policy::parse(&bytes[..cut]), Err(Malformed));
        }
    }
}
