//! What the answer to a bind says of the account: result, diagnostic text and controls, of three
//! families of servers that say the same in different ways.
//!
//! | state | OpenLDAP | 389 | Active Directory |
//! |---|---|---|---|
//! | wrong password | 49 | 49 | 49, `data 52e` |
//! | locked | 49, policy error 1 | 19, policy error 1 | 49, `data 775` |
//! | disabled | | 53, policy error 1 | 49, `data 533` |
//! | account expired | 49, policy error 1 | | 49, `data 701` |
//! | password expired | 49, policy error 0 | 49, policy error 0 | 49, `data 532` |
//! | must change | **0**, policy error 2 | **0**, policy error 2 | 49, `data 773` |
//! | grace, expiring | 0, policy warning | 0, policy warning | |
//!
//! Whether a state was told to somebody with the right password differs, too: locked accounts are
//! refused before the password is looked at, everywhere, and disabled ones by 389. The other states
//! come after it.

use vestibule_plugin::{PasswordWarning, Refusal, Subject, Unavailable};

use crate::controls::{Policy, PolicyError};
use crate::wire::Answer;

/// How a bind ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The password is right and the account is open.
    Open(Option<PasswordWarning>),
    Wrong,
    /// Active Directory tells whether there is somebody.
    Nobody,
    Locked {
        proved: bool,
    },
    Disabled {
        proved: bool,
    },
    Expired,
    PasswordExpired,
    /// Not at this hour.
    Closed,
    /// Not from this machine.
    Elsewhere,
}

impl State {
    /// What the answer means. Whatever does not speak of the account is a fault, and nobody's.
    pub(crate) fn read(answer: &Answer) -> Result<Self, Unavailable> {
        let policy = Policy::read(&answer.controls).map_err(Unavailable::because)?;
        match (answer.code, policy.error) {
            (0, None) => Ok(Self::Open(policy.warning)),
            (0, Some(PolicyError::AccountLocked)) => Ok(Self::Locked { proved: true }),
            // "Logged in", but nothing is allowed except a change of password.
            (0, Some(PolicyError::ChangeAfterReset | PolicyError::PasswordExpired)) => {
                Ok(Self::PasswordExpired)
            }
            (49, Some(PolicyError::PasswordExpired | PolicyError::ChangeAfterReset)) => {
                Ok(Self::PasswordExpired)
            }
            // 389 calls it locked as well, and says it to everybody. Any other 53 is a fault of its own:
            // a server that is shutting down, or wants TLS.
            (53, Some(PolicyError::AccountLocked)) => Ok(Self::Disabled { proved: false }),
            (53, None) if answer.text.contains("Account inactivated") => {
                Ok(Self::Disabled { proved: false })
            }
            (49, Some(PolicyError::AccountLocked)) => Ok(Self::Locked { proved: false }),
            // 389 after too many failures, before it looks at the password.
            (19, _) => Ok(Self::Locked { proved: false }),
            (49, _) => Ok(active_directory(&answer.text).unwrap_or(Self::Wrong)),
            // No such entry, no such name, an entry without a password: only where the name was made
            // of what was typed.
            (32 | 34 | 48, _) => Ok(Self::Wrong),
            (code, _) => Err(fault(code, &answer.text)),
        }
    }

    /// The person is let in, or this is why not.
    pub(crate) fn admit(
        self,
        subject: Option<Subject>,
    ) -> Result<Option<PasswordWarning>, Refusal> {
        let proved = true;
        Err(match self {
            Self::Open(warning) => return Ok(warning),
            Self::Wrong => Refusal::WrongCredentials(subject),
            // Found a moment ago, and gone: what is left of them is nobody.
            Self::Nobody if subject.is_some() => Refusal::Unknown,
            // Not every directory tells, so the answer must not.
            Self::Nobody => Refusal::WrongCredentials(None),
            Self::Locked { proved } => Refusal::Locked { proved, subject },
            Self::Closed => Refusal::Locked { proved, subject },
            Self::Disabled { proved } => Refusal::Disabled { proved, subject },
            Self::Elsewhere => Refusal::Disabled { proved, subject },
            Self::Expired => Refusal::Expired { proved, subject },
            Self::PasswordExpired => Refusal::PasswordExpired(subject),
        })
    }

    /// For the operator.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Open(None) => "the password is right and the account is open",
            Self::Open(Some(PasswordWarning::Expires(_))) => {
                "the password is right and will expire soon"
            }
            Self::Open(Some(PasswordWarning::GraceLogins(_))) => {
                "the password is right, has expired, and is let through a few times more"
            }
            Self::Wrong => "the password is wrong",
            Self::Nobody => "the directory knows nobody of this name",
            Self::Locked { proved: false } => {
                "the account is locked; whether the password is right was not looked at"
            }
            Self::Locked { proved: true } => "the password is right, but the account is locked",
            Self::Disabled { proved: false } => {
                "the account is disabled; whether the password is right was not looked at"
            }
            Self::Disabled { proved: true } => "the password is right, but the account is disabled",
            Self::Expired => "the password is right, but the account has expired",
            Self::PasswordExpired => "the password is right, but must be changed first",
            Self::Closed => "the password is right, but the account may not log in at this hour",
            Self::Elsewhere => "the password is right, but the account may not log in from here",
        }
    }
}

/// `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1`: the
/// number is an error of Windows, in hexadecimal digits.
fn active_directory(text: &str) -> Option<State> {
    let (_, behind) = text.split_once("AcceptSecurityContext error, data ")?;
    let digits = behind.split(|letter: char| !letter.is_ascii_hexdigit()).next()?;
    match u32::from_str_radix(digits, 16).ok()? {
        0x525 => Some(State::Nobody),
        0x52e => Some(State::Wrong),
        0x530 => Some(State::Closed),
        0x531 => Some(State::Elsewhere),
        0x532 | 0x773 => Some(State::PasswordExpired),
        0x533 => Some(State::Disabled { proved: true }),
        0x701 => Some(State::Expired),
        // The only one that comes without the right password, and with it.
        0x775 => Some(State::Locked { proved: false }),
        _ => None,
    }
}

fn fault(code: u32, text: &str) -> Unavailable {
    let remedy = match code {
        7 | 8 | 13 => {
            "; it wants an encrypted connection: set `security` to \"tls\" or \"starttls\""
        }
        50 => "; nobody may bind: see its access rules for `userPassword`",
        _ => "",
    };
    Unavailable::because(format!(
        "the directory answered a bind with result {code}: {text}{remedy}"
    ))
}

#[cfg(test)]
mod tests;
