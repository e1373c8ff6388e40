//! Bytes as servers send them, and bytes as nobody should.

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
        // 389.
        (b"\x30\x84\0\0\0\x03\x81\x01\x01", None, Some(PolicyError::AccountLocked)),
        (
            b"\x30\x84\0\0\0\x09\xa0\x84\0\0\0\x03\x81\x01\x00",
            Some(PasswordWarning::GraceLogins(0)),
            None,
        ),
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
