//! The person behind an account, as they are today: for refresh and userinfo.
//!
//! What was learnt a short while ago is used as it is; then the backend's directory is asked again.
//! A backend without one is believed as it last spoke, at login.
//!
//! *Why a single `Unknown` ends no session:* a lagging replica, a lost read right or a wrong search
//! base answers so for people who are still there. So tokens are refused at once, sessions end when a
//! look-up minutes later agrees, and when many vanish within a day nobody's end: it is the directory
//! that is ill, and whoever asks is told to come back.

use std::time::Duration;

use serde_json::{Map, Value};
use tracing::{debug, error, info, warn};
use vestibule_plugin::{Identity, Refusal, Subject, Unavailable};

use super::breaker::was_not_asked;
use super::{Fault, Identities};
use crate::protocol::Timestamp;
use crate::storage::{account, accounts, sessions};

/// Why nothing can be said of a person today.
#[derive(Debug, thiserror::Error)]
pub enum Absent {
    /// No longer there, or shut out: a refresh is `invalid_grant`, an access token `invalid_token`.
    #[error("the person is no longer there")]
    Gone,
    /// Not known at the moment: 503, and never a refusal.
    #[error("the person cannot be looked up at the moment")]
    Unavailable { retry_after: Duration },
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// When to ask again for someone who could not be looked up.
const RETRY: Duration = Duration::from_secs(30);

/// How long a person stays missed before their sessions end.
const CONFIRMED_AFTER: Duration = Duration::from_secs(5 * 60);

/// The people missed within this time are counted. No session lives longer.
const COUNTED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// So many missed people of one backend are no alarm yet, and one of twenty is none in any case.
const MISSED: u64 = 20;

impl Identities {
    /// The claims about a person as last seen, by the mapping of their backend.
    pub fn claims(&self, account: &account::Model) -> Result<Map<String, Value>, Fault> {
        let Some(mapping) = self.0.mappings.get(&account.backend) else { return Ok(Map::new()) };
        Ok(mapping.claims(&self.0.accounts.attributes(account)?))
    }

    /// The person today: looked up, unless that was done a short while ago.
    pub async fn current(
        &self,
        account: account::Model,
        now: Timestamp,
    ) -> Result<account::Model, Absent> {
        if !self.0.mappings.contains_key(&account.backend) {
            warn!(
                backend = account.backend,
                account = account.id,
                "the backend is no longer configured"
            );
            return Err(Absent::Gone);
        }
        let fresh = now.since(account.seen_at) < self.0.fresh_for;
        if fresh && account.gone_since.is_none() {
            return Ok(account);
        }
        self.look_up(account, now).await
    }

    async fn look_up(
        &self,
        account: account::Model,
        now: Timestamp,
    ) -> Result<account::Model, Absent> {
        let subject = Subject::parse(account.subject.as_str())
            .map_err(|_| Fault::Subject(account.id.clone()))?;
        let Some(answer) = self.0.chain.lookup(&account.backend, &subject).await else {
            return Ok(account);
        };
        match answer {
            Ok(identity) => self.found(account, &subject, identity, now).await,
            Err(refusal) => Err(self.missed(&account, refusal, now).await?),
        }
    }

    async fn found(
        &self,
        account: account::Model,
        subject: &Subject,
        identity: Identity,
        now: Timestamp,
    ) -> Result<account::Model, Absent> {
        if identity.subject != *subject {
            let cause = "the look-up answered with another person";
            return Err(unavailable(&account, &Unavailable::because(cause)));
        }
        Ok(self.0.accounts.renew(account, &identity.attributes, now).await?)
    }

    /// What becomes of a refusal, by its kind.
    async fn missed(
        &self,
        account: &account::Model,
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<Absent, Fault> {
        match refusal {
            Refusal::Unavailable(cause) => Ok(unavailable(account, &cause)),
            Refusal::Unknown => self.unknown(account, now).await,
            Refusal::Locked { .. } | Refusal::Disabled { .. } | Refusal::Expired { .. } => {
                let (backend, id) = (&account.backend, &account.id);
                warn!(backend, account = id, "sessions end: {refusal}");
                self.end_sessions(account, now).await?;
                Ok(Absent::Gone)
            }
            refusal => {
                let cause = format!("a look-up cannot answer: {refusal}");
                Ok(unavailable(account, &Unavailable::because(cause)))
            }
        }
    }

    async fn unknown(&self, account: &account::Model, now: Timestamp) -> Result<Absent, Fault> {
        let (backend, id) = (&account.backend, &account.id);
        let storage = &self.0.storage;
        accounts::miss(storage, id, now).await?;
        let tally = accounts::tally(storage, backend, now.minus(COUNTED_FOR)).await?;
        if tally.missed > MISSED.max(tally.known / 20) {
            error!(
                backend,
                missed = tally.missed,
                "the backend no longer knows many people; no session ends until it is mended"
            );
            return Ok(Absent::Unavailable { retry_after: RETRY });
        }
        info!(backend, account = id, "the backend does not know the person");
        let missed_for = account.gone_since.map_or(Duration::ZERO, |since| now.since(since));
        if missed_for >= CONFIRMED_AFTER {
            warn!(
                backend,
                account = id,
                "sessions end: the backend still does not know the person"
            );
            self.end_sessions(account, now).await?;
        }
        Ok(Absent::Gone)
    }

    async fn end_sessions(&self, account: &account::Model, now: Timestamp) -> Result<(), Fault> {
        let until = now.plus(self.0.tokens_live);
        Ok(sessions::end_all(&self.0.storage, &account.id, until).await?)
    }
}

fn unavailable(account: &account::Model, cause: &Unavailable) -> Absent {
    let (backend, account) = (&account.backend, &account.id);
    if was_not_asked(cause) {
        debug!(backend, account, "look-up not possible: {cause}");
    } else {
        error!(backend, account, "look-up not possible: {cause}");
    }
    Absent::Unavailable { retry_after: RETRY }
}
