//! A change of password by whoever knows the present one, through the same door as a login (LK1): it is
//! counted, judged, refused and timed as a login is.
//!
//! ```text
//! count ─▶ log in, or learn that the password has expired ─▶ change ─▶ sign out everywhere ─▶ log in
//! ```
//!
//! The person is logged in by the new password alone (LD4): that a backend takes one says nothing of
//! whether the account is open. What the former password had opened ends (RT4), as whoever used it may
//! not have been its owner. A password that the backend's rules do not allow costs no try.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument, info};
use vestibule_plugin::{self as plugin, Password, Refusal, Subject, Unavailable};

use super::breaker::was_not_asked;
use super::log_in::{Attempt, Candidate, Ending, LoggedIn, Refused, log, retry_after, subject};
use super::{Fault, Identities};
use crate::protocol::Timestamp;
use crate::storage::accounts;

/// Why a password was not changed, or nobody logged in with the new one.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// As a login is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The backend does not allow the new one. In its own words, for the person.
    #[error("the new password is not allowed")]
    Policy(String),
    /// The present one is right, and the backend changes none.
    #[error("the backend changes no passwords")]
    NotOffered,
    /// The backend broke off: it may have changed, or not.
    #[error("whether the password was changed is not known")]
    Unsure { retry_after: Duration },
    /// It was changed, and the login with it was not possible.
    #[error("the password was changed")]
    LogInAnew,
}

impl From<Ending> for Ending<NotChanged> {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::AtOnce(refused) => Self::AtOnce(refused.into()),
            Ending::InStep(refused) => Self::InStep(refused.into()),
        }
    }
}

impl Identities {
    /// Puts `new` in the place of the password that `attempt` proves, and logs the person in with it.
    ///
    /// In a task of its own: whoever closes their browser half-way has changed the password, and is
    /// signed out all the same.
    pub async fn change_password(
        &self,
        attempt: Attempt<'_>,
        new: Password,
    ) -> Result<LoggedIn, NotChanged> {
        let began = Instant::now();
        let Attempt { username, password, address, known, now } = attempt;
        let (identities, username, known) = (self.clone(), username.to_owned(), known.cloned());
        let change = async move {
            let (username, known) = (username.as_str(), known.as_ref());
            let attempt = Attempt { username, password, address, known, now };
            identities.try_change(attempt, new).await
        };
        let ended = tokio::spawn(change.in_current_span()).await;
        let ended = ended.unwrap_or_else(|_| Err(Fault::Interrupted.into()));
        self.in_step(began, ended).await
    }

    async fn try_change(
        &self,
        attempt: Attempt<'_>,
        new: Password,
    ) -> Result<LoggedIn, Ending<NotChanged>> {
        let mut candidate = self.count(attempt).await?;
        let chain = &self.0.chain;
        let answer = chain.authenticate(&candidate.name, &candidate.password).await;
        let backend = answer.backend.unwrap_or_default();
        let subject = match answer.outcome {
            Ok(identity) => Some(identity.subject),
            Err(Refusal::PasswordExpired(subject)) => subject,
            Err(refusal) => return Err(self.refuse(backend, refusal, &candidate).await?),
        };
        if let Some(subject) = &subject {
            let Candidate { counted, now, .. } = &candidate;
            let permitted = self.0.lockout.permits(backend, subject, counted, *now).await?;
            if let Err(too_many) = permitted {
                return Err(Ending::InStep(Refused::from(too_many).into()));
            }
        }
        let Candidate { name, password, now, .. } = &candidate;
        let answer = chain.change(backend, name, password, &new).await;
        // RT4: before anything else is asked, as that may fail.
        if let (true, Some(subject)) = (may_be_changed(answer.as_ref()), &subject) {
            self.sign_out(backend, subject, *now).await?;
        }
        match answer {
            Some(Ok(())) => {
                info!(backend, username = name.as_str(), "the password was changed");
                candidate.password = new;
                self.log_in_anew(backend, subject, candidate).await
            }
            Some(Err(cause)) => Err(self.not_changed(backend, cause, &candidate).await?),
            None => {
                self.0.lockout.take_back(&candidate.counted).await?;
                Err(Ending::InStep(NotChanged::NotOffered))
            }
        }
    }

    /// What becomes of a change that was not made, by its kind.
    async fn not_changed(
        &self,
        backend: &str,
        cause: plugin::NotChanged,
        candidate: &Candidate<'_>,
    ) -> Result<Ending<NotChanged>, Fault> {
        let username = candidate.name.as_str();
        match cause {
            plugin::NotChanged::Policy(words) => {
                info!(backend, username, "the password was not changed: the backend's rules");
                self.0.lockout.take_back(&candidate.counted).await?;
                Ok(Ending::InStep(NotChanged::Policy(words)))
            }
            plugin::NotChanged::Refused(Refusal::Unavailable(cause)) if is_unsure(&cause) => {
                let retry_after = retry_after(&cause);
                log(backend, username, &cause.into());
                self.0.lockout.take_back(&candidate.counted).await?;
                Ok(Ending::InStep(NotChanged::Unsure { retry_after }))
            }
            plugin::NotChanged::Refused(refusal) => self.refuse(backend, refusal, candidate).await,
        }
    }

    /// Of the account, only its state can still refuse it: whoever typed the new password chose it.
    async fn log_in_anew(
        &self,
        backend: &str,
        signed_out: Option<Subject>,
        candidate: Candidate<'_>,
    ) -> Result<LoggedIn, Ending<NotChanged>> {
        let answer = self.0.chain.authenticate(&candidate.name, &candidate.password).await;
        let same = answer.backend == Some(backend);
        let subject = match &answer.outcome {
            Ok(identity) => Some(&identity.subject),
            Err(refusal) => subject(refusal),
        };
        // Some backends tell whose password has expired only once it is changed.
        if let (true, None, Some(subject)) = (same, signed_out, subject) {
            self.sign_out(backend, subject, candidate.now).await?;
        }
        match answer.outcome {
            Ok(identity) if same => Ok(self.admit(backend, &identity, candidate).await?),
            Err(
                refusal @ (Refusal::Locked { proved: true, .. }
                | Refusal::Disabled { proved: true, .. }
                | Refusal::Expired { proved: true, .. }),
            ) => Err(self.refuse(backend, refusal, &candidate).await?),
            // A replica that does not know of the change yet, an outage: it was changed all the same.
            _ => {
                self.0.lockout.take_back(&candidate.counted).await?;
                Err(Ending::InStep(NotChanged::LogInAnew))
            }
        }
    }

    async fn refuse(
        &self,
        backend: &str,
        refusal: Refusal,
        candidate: &Candidate<'_>,
    ) -> Result<Ending<NotChanged>, Fault> {
        Ok(Ending::InStep(self.turn_away(backend, refusal, candidate).await?.into()))
    }

    /// Ends what was given out for a person so far, if anything was.
    async fn sign_out(
        &self,
        backend: &str,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let storage = &self.0.storage;
        if let Some(account) = accounts::find_by_subject(storage, backend, subject.as_str()).await?
        {
            accounts::sign_out(storage, &account.id, now.plus(self.0.tokens_live)).await?;
        }
        Ok(())
    }
}

/// Whether the new password may be the right one now.
fn may_be_changed(answer: Option<&Result<(), plugin::NotChanged>>) -> bool {
    match answer {
        Some(Ok(())) => true,
        Some(Err(plugin::NotChanged::Refused(Refusal::Unavailable(cause)))) => is_unsure(cause),
        Some(Err(_)) | None => false,
    }
}

/// Whether a backend may have begun. Whoever is busy, or was left alone, has not.
fn is_unsure(cause: &Unavailable) -> bool {
    !matches!(cause, Unavailable::Busy) && !was_not_asked(cause)
}
