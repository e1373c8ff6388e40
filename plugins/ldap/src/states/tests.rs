//! The table of states, as the servers were seen to answer.

use std::time::Duration;

use ldap3::controls::RawControl;

use super::*;
use crate::wire::PASSWORD_POLICY;

fn answer(code: u32, text: &str, policy: Option<&[u8]>) -> Answer {
    let control = |value: &[u8]| RawControl {
        ctype: PASSWORD_POLICY.to_owned(),
        crit: false,
        val: Some(value.to_vec()),
    };
    Answer { code, text: text.to_owned(), controls: policy.map(control).into_iter().collect() }
}

fn state(code: u32, policy: Option<&[u8]>) -> State {
    State::read(&answer(code, "", policy)).unwrap()
}

fn windows(code: &str) -> State {
    let text = format!(
        "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {code}, v1db1"
    );
    State::read(&answer(49, &text, None)).unwrap()
}

const LOCKED: &[u8] = b"\x30\x03\x81\x01\x01";
const EXPIRED: &[u8] = b"\x30\x03\x81\x01\x00";
const RESET: &[u8] = b"\x30\x03\x81\x01\x02";

#[test]
fn openldap_tells_states_by_the_control() {
    assert_eq!(state(0, None), State::Open(None));
    assert_eq!(state(49, None), State::Wrong);
    assert_eq!(state(49, Some(LOCKED)), State::Locked { proved: false });
    assert_eq!(state(49, Some(EXPIRED)), State::PasswordExpired);
    let grace = state(0, Some(b"\x30\x05\xa0\x03\x81\x01\x01"));
    assert_eq!(grace, State::Open(Some(PasswordWarning::GraceLogins(1))));
    let soon = state(0, Some(b"\x30\x05\xa0\x03\x80\x01\x3c"));
    assert_eq!(soon, State::Open(Some(PasswordWarning::Expires(Duration::from_secs(60)))));
}

#[test]
fn success_with_an_objection_is_not_logged_in() {
    assert_eq!(state(0, Some(RESET)), State::PasswordExpired);
    assert_eq!(state(0, Some(EXPIRED)), State::PasswordExpired);
    assert_eq!(state(0, Some(LOCKED)), State::Locked { proved: true });
}

#[test]
fn results_of_389_are_refusals() {
    assert_eq!(state(19, Some(LOCKED)), State::Locked { proved: false });
    assert_eq!(state(19, None), State::Locked { proved: false });
    // Before it looks at the password, and with the word for locked accounts.
    assert_eq!(state(53, Some(LOCKED)), State::Disabled { proved: false });
    let text = "Account inactivated. Contact system administrator.";
    let inactive = State::read(&answer(53, text, None)).unwrap();
    assert_eq!(inactive, State::Disabled { proved: false });
    // Whatever else it is unwilling to do says nothing of the account.
    assert!(State::read(&answer(53, "Server is read-only", None)).is_err());
}

#[test]
fn active_directory_tells_states_by_numbers_in_the_text() {
    for (code, state) in [
        ("525", State::Nobody),
        ("52e", State::Wrong),
        ("530", State::Closed),
        ("531", State::Elsewhere),
        ("532", State::PasswordExpired),
        ("533", State::Disabled { proved: true }),
        ("701", State::Expired),
        ("773", State::PasswordExpired),
        ("775", State::Locked { proved: false }),
        ("57", State::Wrong),
        ("", State::Wrong),
        ("ffffffffffffffff", State::Wrong),
    ] {
        assert_eq!(windows(code), state, "{code}");
    }
    // The same letters in somebody's name mean nothing.
    let text = "no such entry: cn=data 533,dc=x";
    assert_eq!(State::read(&answer(49, text, None)).unwrap(), State::Wrong);
}

#[test]
fn what_does_not_speak_of_the_account_is_a_fault() {
    for code in [1, 2, 3, 7, 8, 10, 11, 13, 50, 53, 90] {
        let read = State::read(&answer(code, "x", None));
        assert!(read.is_err(), "{code}: {read:?}");
    }
    let remedy = State::read(&answer(8, "", None)).unwrap_err();
    assert!(remedy.to_string().contains("encrypted connection"), "{remedy}");
}

// LD5
#[test]
fn an_unreadable_control_lets_nobody_in() {
    for code in [0, 49] {
        assert!(State::read(&answer(code, "", Some(b"\x30\x84\xff"))).is_err());
    }
}

#[test]
fn a_state_is_told_as_proved_only_after_the_right_password() {
    let subject = Subject::parse("s").ok();
    let admit = |state: State| state.admit(subject.clone());
    assert!(matches!(admit(State::Wrong), Err(Refusal::WrongCredentials(Some(_)))));
    assert!(matches!(windows("775").admit(None), Err(Refusal::Locked { proved: false, .. })));
    for code in ["530", "531", "533", "701"] {
        assert!(
            matches!(
                admit(windows(code)),
                Err(Refusal::Locked { proved: true, subject: Some(_) }
                    | Refusal::Disabled { proved: true, subject: Some(_) }
                    | Refusal::Expired { proved: true, subject: Some(_) })
            ),
            "{code}"
        );
    }
    assert!(matches!(admit(State::PasswordExpired), Err(Refusal::PasswordExpired(Some(_)))));
    assert!(matches!(admit(State::Nobody), Err(Refusal::Unknown)));
    assert!(matches!(State::Nobody.admit(None), Err(Refusal::WrongCredentials(None))));
    assert!(matches!(admit(State::Open(None)), Ok(None)));
}
