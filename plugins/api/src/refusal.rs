//! Why someone was not let in. A refusal is a value with a meaning of its own; that a source could
//! not answer is one of them, so that nobody mistakes an outage for a "no".

use std::error::Error;

use thiserror::Error;

use crate::Subject;

/// Why a backend does not vouch for a person.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Nobody here has this name, or this subject. The only refusal after which another backend is asked.
    #[error("nobody of this name is known")]
    Unknown,

    /// The name is known and the password is not theirs. With the subject, if the source tells it:
    /// failures are then counted for the person however their name was written.
    #[error("the credentials are wrong")]
    WrongCredentials(Option<Subject>),

    /// Shut after too many failures, or by an administrator for a while.
    #[error("the account is locked")]
    Locked {
        /// Whether the password was right all the same. Only then is the person told of the state.
        proved: bool,
        /// Who it is, if the source tells.
        subject: Option<Subject>,
    },

    /// Switched off.
    #[error("the account is disabled")]
    Disabled {
        /// Whether the password was right all the same.
        proved: bool,
        /// Who it is, if the source tells.
        subject: Option<Subject>,
    },

    /// The account's time is over.
    #[error("the account has expired")]
    Expired {
        /// Whether the password was right all the same.
        proved: bool,
        /// Who it is, if the source tells.
        subject: Option<Subject>,
    },

    /// The password was right and must be changed first. With the subject, if the source tells it:
    /// once it is changed, or may be, what the former one had opened ends whatever else happens.
    #[error("the password must be changed")]
    PasswordExpired(Option<Subject>),

    /// The person turned back on the other site's page.
    #[error("the login was cancelled")]
    Cancelled,

    /// No answer could be had.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a backend has no answer at the moment.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// More people are logging in than there is room for; it will pass within seconds.
    #[error("too many people are logging in at once")]
    Busy,

    /// The source is down, slow, or answers nonsense.
    #[error("the backend is not available: {0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl Unavailable {
    /// Unavailable, and why: an error, or a sentence for the operator. Never holds a secret.
    pub fn because(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}
