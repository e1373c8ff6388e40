//! Refusals in words: what the person sees, what applications are told, and what to do.
//!
//! The page never says more than the person has proved (EN1); whoever runs this command may know.

use serde_json::{Value, json};
use vestibule_plugin::{Refusal, Unavailable};

/// A refusal, decoded.
pub(super) struct Decoded {
    word: &'static str,
    meaning: String,
    person_sees: &'static str,
    applications: &'static str,
    remedy: &'static str,
}

const WRONG: &str = "\"Wrong name or password.\"";
const NOT_CONCERNED: &str =
    "whoever is signed in stays so: a refresh does not ask for the password";
const CLOSED: &str = "a refresh is answered invalid_grant and userinfo invalid_token; sessions end";

impl Decoded {
    pub(super) fn of(refusal: &Refusal) -> Self {
        let (word, person_sees, applications, remedy) = match refusal {
            Refusal::Unknown => (
                "unknown",
                "\"Wrong name or password.\", unless a backend further down knows the name",
                "a refresh is refused; sessions end when a look-up minutes later agrees, and none do when many \
                 people vanish at once",
                "compare base and filter with the entry, and see whether the account that searches may read it",
            ),
            Refusal::WrongCredentials(_) => (
                "wrong_credentials",
                WRONG,
                NOT_CONCERNED,
                "type the password again; this try counts at the backend's own lockout",
            ),
            Refusal::Locked { proved, .. } => (
                "locked",
                if *proved { "\"Your account is locked.\"" } else { WRONG },
                CLOSED,
                "unlock the account where it is kept, or wait until it unlocks itself",
            ),
            Refusal::Disabled { proved, .. } => (
                "disabled",
                if *proved { "\"Your account is disabled.\"" } else { WRONG },
                CLOSED,
                "enable the account where it is kept, or put it into the group that is required",
            ),
            Refusal::Expired { proved, .. } => (
                "expired",
                if *proved { "\"Your account has expired.\"" } else { WRONG },
                CLOSED,
                "renew the account where it is kept",
            ),
            Refusal::PasswordExpired(_) => (
                "password_expired",
                "\"Your password must be changed\"",
                NOT_CONCERNED,
                "the person changes it, here if the backend allows it, or an administrator sets another",
            ),
            Refusal::Cancelled => (
                "cancelled",
                "\"You cancelled.\"",
                NOT_CONCERNED,
                "log in on the other site's page",
            ),
            Refusal::Unavailable(Unavailable::Busy) => (
                "busy",
                "\"We cannot check your password right now.\" (503)",
                "503 with Retry-After, never invalid_grant",
                "try again in a few seconds",
            ),
            Refusal::Unavailable(Unavailable::Failed(_)) => (
                "unavailable",
                "\"We cannot check your password right now.\" (503); no other backend is asked",
                "503 with Retry-After, never invalid_grant",
                "mend the first step above that failed",
            ),
        };
        Self { word, meaning: refusal.to_string(), person_sees, applications, remedy }
    }

    /// Names and values, to be printed.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("refused", self.meaning.clone()),
            ("the person sees", self.person_sees.to_owned()),
            ("applications", self.applications.to_owned()),
            ("remedy", self.remedy.to_owned()),
        ]
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "kind": self.word,
            "meaning": self.meaning,
            "person_sees": self.person_sees,
            "applications": self.applications,
            "remedy": self.remedy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // EN1
    #[test]
    fn the_page_tells_the_state_only_to_whoever_proved_the_password() {
        let sees = |refusal: &Refusal| Decoded::of(refusal).person_sees;
        assert_eq!(sees(&Refusal::Locked { proved: false, subject: None }), WRONG);
        assert_eq!(
            sees(&Refusal::Locked { proved: true, subject: None }),
            "\"Your account is locked.\""
        );
        assert_eq!(sees(&Refusal::Disabled { proved: false, subject: None }), WRONG);
        assert_eq!(sees(&Refusal::Expired { proved: false, subject: None }), WRONG);
    }

    #[test]
    fn what_the_person_sees_is_what_the_page_says() {
        let page = include_str!("../../../templates/parts.html");
        for refusal in [
            Refusal::Unknown,
            Refusal::WrongCredentials(None),
            Refusal::Locked { proved: true, subject: None },
            Refusal::Disabled { proved: true, subject: None },
            Refusal::Expired { proved: true, subject: None },
            Refusal::PasswordExpired(None),
            Refusal::Cancelled,
            Refusal::Unavailable(Unavailable::Busy),
            Refusal::Unavailable(Unavailable::because("down")),
        ] {
            let sees = Decoded::of(&refusal).person_sees;
            let words = sees.split('"').nth(1).unwrap();
            assert!(page.contains(words), "{words}");
        }
    }
}
