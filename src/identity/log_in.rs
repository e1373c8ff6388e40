//! The one door for every password, whoever asks for it (LK1): the login page and the change of a
//! password now, grants and step-up later.
//!
//! In this order: the name is normalised, the try is counted, the backends are asked, the account is
//! found or made, the try is taken back. A refusal is answered at the next multiple of a step of
//! time, so that how long it took tells nothing of why (EN1); the wait holds no place anywhere.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, field, info, warn};
use vestibule_plugin::{
    Identity, Password, PasswordWarning, Refusal, Subject, Unavailable, Username,
};

use super::breaker::was_not_asked;
use super::lockout::{Counted, KnownBrowser, TooMany};
use super::{Fault, Identities, names};
use crate::protocol::Timestamp;
use crate::storage::account;

/// What a person typed, and where.
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed; wiped.
    pub password: String,
    /// Of the browser, not of a proxy of ours.
    pub address: IpAddr,
    /// What the browser's sealed cookie says, if it has one.
    pub known: Option<&'a KnownBrowser>,
    /// When the request was received.
    pub now: Timestamp,
}

/// A person who proved who they are.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub account: account::Model,
    /// How (RFC 8176).
    pub amr: Vec<String>,
    /// The class of the login, if another site told one.
    pub acr: Option<String>,
    /// What the browser is to be told, sealed.
    pub known: KnownBrowser,
    /// What the person may be told of their password.
    pub warning: Option<Warning>,
}

/// What a backend said of a right password.
#[derive(Clone, Copy, Debug)]
pub struct Warning {
    pub password: PasswordWarning,
    /// Whether it can be changed here.
    pub changeable: bool,
}

/// Why nobody was logged in. What the person may be told, and no more.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Unknown name, wrong password, or a closed account whose password was not proved.
    #[error("wrong name or password")]
    Wrong,
    /// The password was right, and the account is closed.
    #[error("the account is {0}")]
    Closed(State),
    /// The password was right, and must be changed first.
    #[error("the password must be changed")]
    PasswordExpired {
        /// Whether it can be changed here.
        changeable: bool,
    },
    /// Too many tries lately. Known and unknown names alike.
    #[error("too many attempts")]
    TooMany { retry_after: Duration },
    /// The backend that knows the name, or might, does not answer. Logged already.
    #[error("logging in is not possible at the moment")]
    Unavailable { retry_after: Duration },
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// How an account can be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Locked,
    Disabled,
    Expired,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        })
    }
}

/// When to come back to a backend that was down, and to one that was busy.
const AFTER_OUTAGE: Duration = Duration::from_secs(30);
const AFTER_STORM: Duration = Duration::from_secs(2);

/// A refusal, and when it is answered.
pub(super) enum Ending<R = Refused> {
    /// Before anybody was asked: nothing to hide, and no reason to keep the person waiting.
    AtOnce(R),
    InStep(R),
}

impl<R: From<Refused>, E: Into<Fault>> From<E> for Ending<R> {
    fn from(fault: E) -> Self {
        Self::InStep(Refused::Fault(fault.into()).into())
    }
}

/// Whoever may be asked about: the name and the password have their form, and the try is counted.
pub(super) struct Candidate<'a> {
    pub(super) name: Username,
    pub(super) password: Password,
    pub(super) counted: Counted,
    pub(super) known: Option<&'a KnownBrowser>,
    pub(super) now: Timestamp,
}

impl Identities {
    /// Logs a person in by name and password.
    pub async fn log_in(&self, attempt: Attempt<'_>) -> Result<LoggedIn, Refused> {
        let began = Instant::now();
        let ended = self.attempt(attempt).await;
        self.in_step(began, ended).await
    }

    /// Answers a refusal when it is time.
    pub(super) async fn in_step<R>(
        &self,
        began: Instant,
        ended: Result<LoggedIn, Ending<R>>,
    ) -> Result<LoggedIn, R> {
        match ended {
            Ok(logged_in) => Ok(logged_in),
            Err(Ending::AtOnce(refused)) => Err(refused),
            Err(Ending::InStep(refused)) => {
                self.until_next_step(began).await;
                Err(refused)
            }
        }
    }

    async fn attempt(&self, attempt: Attempt<'_>) -> Result<LoggedIn, Ending> {
        let candidate = self.count(attempt).await?;
        let answer = self.0.chain.authenticate(&candidate.name, &candidate.password).await;
        match (answer.backend, answer.outcome) {
            (Some(backend), Ok(identity)) => self.admit(backend, &identity, candidate).await,
            (backend, Err(refusal)) => {
                let backend = backend.unwrap_or_default();
                Err(Ending::InStep(self.turn_away(backend, refusal, &candidate).await?))
            }
            // The chain names whoever let someone in.
            (None, Ok(_)) => Err(Ending::InStep(Refused::Wrong)),
        }
    }

    /// What comes before any backend hears of a try.
    pub(super) async fn count<'a>(&self, attempt: Attempt<'a>) -> Result<Candidate<'a>, Ending> {
        let Attempt { username, password, address, known, now } = attempt;
        // First of all, so that it is wiped whatever follows.
        let password = Password::parse(password);
        // What cannot be a name is counted like a name that nobody has.
        let name = names::normalise(username).ok();
        let heard = name.as_ref().and_then(|name| self.0.chain.attempts(name));
        let counter = name.as_ref().map_or(username, |name| name.as_str());
        let counted = match self.0.lockout.count(counter, heard, address, known, now).await? {
            Ok(counted) => counted,
            Err(too_many) => return Err(Ending::AtOnce(too_many.into())),
        };
        let (Some(name), Ok(password)) = (name, password) else {
            info!("login refused: the name or the password cannot be one");
            return Err(Ending::InStep(Refused::Wrong));
        };
        Ok(Candidate { name, password, counted, known, now })
    }

    pub(super) async fn admit(
        &self,
        backend: &str,
        identity: &Identity,
        candidate: Candidate<'_>,
    ) -> Result<LoggedIn, Ending> {
        let Candidate { counted, known, now, .. } = candidate;
        let lockout = &self.0.lockout;
        if let Err(too_many) = lockout.permits(backend, &identity.subject, &counted, now).await? {
            return Err(Ending::InStep(too_many.into()));
        }
        let account = self.0.accounts.find_or_create(backend, identity, now).await?;
        lockout.take_back(&counted).await?;
        let warning = identity.warning.map(|warning| Warning {
            password: warning,
            changeable: self.0.chain.changes_passwords(backend),
        });
        let warned = identity.warning.as_ref().map(field::debug);
        info!(backend, account = account.id, warned, "logged in");
        let evidence = identity.evidence.clone().unwrap_or_default();
        let amr = if evidence.amr.is_empty() { vec!["pwd".to_owned()] } else { evidence.amr };
        let known = lockout.remember(known, counted);
        Ok(LoggedIn { account, amr, acr: evidence.acr, known, warning })
    }

    /// What becomes of a refusal, by its kind.
    pub(super) async fn turn_away(
        &self,
        backend: &str,
        refusal: Refusal,
        candidate: &Candidate<'_>,
    ) -> Result<Refused, Fault> {
        let Candidate { name, counted, now, .. } = candidate;
        log(backend, name.as_str(), &refusal);
        let lockout = &self.0.lockout;
        let refused = match &refusal {
            Refusal::Unavailable(cause) => {
                lockout.take_back(counted).await?;
                return Ok(Refused::Unavailable { retry_after: retry_after(cause) });
            }
            Refusal::PasswordExpired(_) => {
                Refused::PasswordExpired { changeable: self.0.chain.changes_passwords(backend) }
            }
            Refusal::Locked { proved: true, .. } => Refused::Closed(State::Locked),
            Refusal::Disabled { proved: true, .. } => Refused::Closed(State::Disabled),
            Refusal::Expired { proved: true, .. } => Refused::Closed(State::Expired),
            _ => Refused::Wrong,
        };
        // A right password is told from a wrong one only to those who have tries left.
        if let Some(subject) = subject(&refusal) {
            let judged = match refused {
                Refused::Wrong => lockout.count_for(backend, subject, counted, *now).await?,
                _ => lockout.permits(backend, subject, counted, *now).await?,
            };
            if let Err(too_many) = judged {
                return Ok(too_many.into());
            }
        }
        // It was right: to change it, the person comes again.
        if let Refused::PasswordExpired { .. } = refused {
            lockout.take_back(counted).await?;
        }
        Ok(refused)
    }

    pub(super) async fn until_next_step(&self, began: Instant) {
        sleep_until(began + next_step(began.elapsed(), self.0.refusal_step)).await;
    }
}

/// The first multiple of `step` that is not over yet.
fn next_step(elapsed: Duration, step: Duration) -> Duration {
    let steps = elapsed.as_nanos().checked_div(step.as_nanos()).unwrap_or(0) + 1;
    step.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
}

/// One line for each refusal. A name that nobody has may be a password in the wrong field: it is
/// not logged.
pub(super) fn log(backend: &str, username: &str, refusal: &Refusal) {
    match refusal {
        Refusal::Unknown => info!("login refused: {refusal}"),
        Refusal::WrongCredentials(_) | Refusal::PasswordExpired(_) | Refusal::Cancelled => {
            info!(backend, username, "login refused: {refusal}");
        }
        Refusal::Locked { proved, .. }
        | Refusal::Disabled { proved, .. }
        | Refusal::Expired { proved, .. } => {
            warn!(backend, username, proved, "login refused: {refusal}");
        }
        Refusal::Unavailable(Unavailable::Busy) => warn!(backend, "login not possible: {refusal}"),
        Refusal::Unavailable(cause) if was_not_asked(cause) => {
            debug!(backend, "login not possible: {refusal}");
        }
        Refusal::Unavailable(Unavailable::Failed(_)) => {
            error!(backend, "login not possible: {refusal}");
        }
    }
}

pub(super) fn retry_after(cause: &Unavailable) -> Duration {
    match cause {
        Unavailable::Busy => AFTER_STORM,
        Unavailable::Failed(_) => AFTER_OUTAGE,
    }
}

/// Whom a refusal is about, if the backend tells.
pub(super) fn subject(refusal: &Refusal) -> Option<&Subject> {
    match refusal {
        Refusal::WrongCredentials(subject)
        | Refusal::PasswordExpired(subject)
        | Refusal::Locked { subject, .. }
        | Refusal::Disabled { subject, .. }
        | Refusal::Expired { subject, .. } => subject.as_ref(),
        _ => None,
    }
}

impl From<TooMany> for Refused {
    fn from(TooMany { retry_after }: TooMany) -> Self {
        Self::TooMany { retry_after }
    }
}
