//! The contract between Vestibule and its identity backends.
//!
//! A backend is a place where people are known: a directory, a table, another identity provider. It
//! proves who someone is and tells what is known of them, under its own names. It knows nothing of
//! applications and their protocols, of lockout, of time limits or of the other backends: the host
//! normalises names, counts attempts, limits every call in time and translates attributes.
//!
//! [`conformance`] holds this contract as test functions; the tests of a plugin call them first.

#![warn(missing_docs)]

mod attributes;
pub mod conformance;
mod credentials;
mod hosts;
mod identity;
mod password_change;
mod redirect;
mod refusal;
mod rehearsal;

use async_trait::async_trait;

pub use attributes::{Attributes, Value};
pub use credentials::{BadPassword, BadUsername, Password, Username};
pub use hosts::{Host, HostState, Pool};
pub use identity::{BadSubject, Evidence, Identity, PasswordWarning, Subject};
pub use password_change::{NotChanged, PasswordChange};
pub use redirect::{Arriving, Departing, Departure, RedirectLogin, Via};
pub use refusal::{Refusal, Unavailable};
pub use rehearsal::{Outcome, Probe, Rehearsal, Rehearsed, Step};

/// A place where people are known: a directory, a table, another identity provider.
#[async_trait]
pub trait Backend: Send + Sync {
    /// How people prove here who they are.
    fn login(&self) -> Login<'_>;

    /// Where people can be looked up without their credentials, if anywhere.
    fn directory(&self) -> Option<&dyn Directory> {
        None
    }

    /// Where people can change their password, if anywhere.
    fn password_change(&self) -> Option<&dyn PasswordChange> {
        None
    }

    /// How an administrator can try what is configured, if at all.
    fn rehearsal(&self) -> Option<&dyn Rehearsal> {
        None
    }

    /// Whether a name that nobody has is told from a wrong password. One that cannot tell never
    /// answers [`Refusal::Unknown`], so whoever is asked after it never hears of anybody: the host
    /// demands that it owns its names, or is the last.
    fn tells_unknown(&self) -> bool {
        true
    }

    /// The machines behind it, as they were last seen. Asks none of them.
    fn hosts(&self) -> Vec<Host> {
        Vec::new()
    }

    /// Whether a login could succeed now. Must be cheap: it is asked every few seconds.
    async fn health(&self) -> Result<(), Unavailable>;
}

/// The two ways to log in: on our page, or on someone else's.
pub enum Login<'a> {
    /// The person types a name and a password into our login page.
    Password(&'a dyn PasswordLogin),
    /// The person is sent to another site and comes back.
    Redirect(&'a dyn RedirectLogin),
}

/// The person types a name and a password into our login page.
#[async_trait]
pub trait PasswordLogin: Send + Sync {
    /// The person, if the password is theirs and their account is open.
    ///
    /// A name that nobody here has is [`Refusal::Unknown`], and should take as long as a wrong
    /// password does.
    async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Identity, Refusal>;
}

/// A place that can be asked about a person in their absence.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The person as they are today. A refusal other than `Unavailable` ends their sessions.
    async fn lookup(&self, subject: &Subject) -> Result<Identity, Refusal>;
}
