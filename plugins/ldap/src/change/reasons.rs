//! Why a directory did not take a new password, for the person.
//!
//! Its own words are shown where they are about the password. Words that name entries or attributes
//! are not for people, and ours stand in their place.

use vestibule_plugin::{NotChanged, Refusal, Subject, Unavailable};

use crate::controls::{Policy, PolicyError};
use crate::wire::Answer;

const TOO_SIMPLE: &str = "The new password is too simple.";
const NOT_ALLOWED: &str = "The directory does not allow this password.";

/// What the answer to a change means.
pub(super) fn read(answer: &Answer, subject: Option<Subject>) -> Result<(), NotChanged> {
    let policy = Policy::read(&answer.controls).map_err(|error| fault(&error))?;
    let words = match (answer.code, policy.error) {
        (0, _) => return Ok(()),
        (_, Some(PolicyError::ModificationNotAllowed)) => {
            "This password cannot be changed by its owner."
        }
        (_, Some(PolicyError::InsufficientQuality)) => {
            return Err(NotChanged::Policy(
                own_words(&answer.text).unwrap_or(TOO_SIMPLE.to_owned()),
            ));
        }
        (_, Some(PolicyError::TooShort)) => "The new password is too short.",
        (_, Some(PolicyError::TooLong)) => "The new password is too long.",
        (_, Some(PolicyError::TooYoung)) => {
            "The password was changed a short while ago. Try again later."
        }
        (_, Some(PolicyError::InHistory)) => "The new password has been used before.",
        (_, Some(PolicyError::AccountLocked)) => {
            return Err(Refusal::Locked { proved: true, subject }.into());
        }
        _ => return Err(by_result(answer, subject)),
    };
    Err(NotChanged::Policy(words.to_owned()))
}

fn by_result(answer: &Answer, subject: Option<Subject>) -> NotChanged {
    let text = answer.text.as_str();
    // Active Directory begins with an error of Windows, in hexadecimal digits.
    match (answer.code, text.get(..8)) {
        // ERROR_INVALID_PASSWORD: the old one.
        (_, Some("00000056")) => Refusal::WrongCredentials(subject).into(),
        // ERROR_PASSWORD_RESTRICTION.
        (_, Some("0000052D")) => NotChanged::Policy(own_words(text).unwrap_or_else(|| {
            "The new password is too short, too simple, too much like an old one, or the present \
             one is too new."
                .to_owned()
        })),
        (49, _) => Refusal::WrongCredentials(subject).into(),
        // OpenLDAP's name for an old password that is wrong.
        (53, _) if text.contains("old password") => Refusal::WrongCredentials(subject).into(),
        (19, _) => NotChanged::Policy(own_words(text).unwrap_or_else(|| NOT_ALLOWED.to_owned())),
        (50, _) => fault("the service account may not change passwords"),
        (8 | 13, _) => fault(
            "the directory changes passwords over an encrypted connection only; set `security` to \
             \"tls\" or \"starttls\"",
        ),
        (code, _) => fault(&format!("the change of a password ended with result {code}: {text}")),
    }
}

fn fault(cause: &(impl ToString + ?Sized)) -> NotChanged {
    NotChanged::Refused(Unavailable::because(cause.to_string()).into())
}

/// The server's words without what leads to them, if they are for people.
///
/// `0000052D: Constraint violation - check_password_restrictions: the password is too short. ...`,
/// `invalid password syntax - password must be at least 8 characters long`
fn own_words(text: &str) -> Option<String> {
    let words = text.rsplit(" - ").next()?;
    let words = words
        .rsplit(": ")
        .next()?
        .trim_matches(|letter: char| letter.is_whitespace() || letter == '\0');
    let mut letters = words.chars();
    let first = letters.next()?;
    let plain = words.contains(' ')
        && words.len() <= 300
        && !words.contains(['=', '<', '>', '{', '_'])
        && !words.chars().any(char::is_control);
    plain.then(|| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use ldap3::controls::RawControl;

    use super::*;
    use crate::wire::PASSWORD_POLICY;

    fn answer(code: u32, text: &str, error: Option<u8>) -> Answer {
        let control = |error: u8| RawControl {
            ctype: PASSWORD_POLICY.to_owned(),
            crit: false,
            val: Some(vec![0x30, 3, 0x81, 1, error]),
        };
        Answer { code, text: text.to_owned(), controls: error.map(control).into_iter().collect() }
    }

    fn words(code: u32, text: &str, error: Option<u8>) -> String {
        match read(&answer(code, text, error), None) {
            Err(NotChanged::Policy(words)) => words,
            other => panic!("{code} {text}: {other:?}"),
        }
    }

    #[test]
    fn every_objection_of_a_policy_has_words() {
        for error in 3..=9 {
            if error != 4 {
                assert!(words(19, "", Some(error)).ends_with('.'), "{error}");
            }
        }
        assert_eq!(
            words(19, "Password fails quality checking policy", Some(5)),
            "Password fails quality checking policy"
        );
    }

    #[test]
    fn the_words_of_a_directory_are_shown_if_they_are_for_people() {
        assert_eq!(
            words(
                19,
                "0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal or longer than 7 characters!",
                None
            ),
            "The password is too short. It should be equal or longer than 7 characters!"
        );
        assert_eq!(
            words(
                19,
                "invalid password syntax - password must be at least 8 characters long",
                None
            ),
            "Password must be at least 8 characters long"
        );
        assert_eq!(words(19, "bad password for uid=alice,ou=people", None), NOT_ALLOWED);
        let windows = "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0";
        assert!(words(53, windows, None).starts_with("The new password"));
    }

    #[test]
    fn a_wrong_old_password_is_no_objection_to_the_new_one() {
        for (code, text) in [
            (49, ""),
            (19, "00000056: AtrErr: DSID-03190F00, #1:"),
            (53, "unwilling to verify old password"),
        ] {
            let refused = read(&answer(code, text, None), None);
            assert!(
                matches!(refused, Err(NotChanged::Refused(Refusal::WrongCredentials(_)))),
                "{code} {text}: {refused:?}"
            );
        }
    }

    #[test]
    fn what_nobody_but_the_operator_can_mend_is_a_fault() {
        for code in [1, 8, 13, 50, 53] {
            let refused = read(&answer(code, "x", None), None);
            assert!(
                matches!(refused, Err(NotChanged::Refused(Refusal::Unavailable(_)))),
                "{code}: {refused:?}"
            );
        }
    }
}
