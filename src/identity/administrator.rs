//! The local administrators: in a table of their own, outside the chain, so that they can sign in
//! whatever state the backends are in.
//!
//! Their counter delays and never shuts out: whoever could use up an administrator's tries could keep
//! everybody from mending what they broke. The wait holds no place in the password pool.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{info, warn};
use vestibule_plugin::{Password, Unavailable, Username};

use super::log_in::Refused;
use super::registry::{Hasher, Verdict};
use super::{Fault, Identities, names};
use crate::protocol::Timestamp;
use crate::storage::{Storage, administrator, administrators};

pub(super) struct Administrators {
    pub(super) storage: Storage,
    pub(super) hasher: Hasher,
}

/// The longest that a try is delayed.
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// When to come back if too many passwords are being checked.
const AFTER_STORM: Duration = Duration::from_secs(2);

impl Identities {
    /// The name of an administrator, if the password is theirs. Gets nobody a token.
    pub async fn administrator_log_in(
        &self,
        username: &str,
        password: String,
        now: Timestamp,
    ) -> Result<Username, Refused> {
        let began = Instant::now();
        let outcome = self.try_administrator(username, password, now).await;
        if outcome.is_err() {
            self.until_next_step(began).await;
        }
        outcome
    }

    async fn try_administrator(
        &self,
        username: &str,
        password: String,
        now: Timestamp,
    ) -> Result<Username, Refused> {
        // First of all, so that it is wiped whatever follows.
        let password = Password::parse(password);
        let name = names::normalise(username).ok();
        let counter = name.as_ref().map_or(username, |name| name.as_str());
        let counted =
            self.0.lockout.count_administrator(counter, now).await.map_err(Fault::from)?;
        sleep(delay(counted.beyond)).await;
        let (Some(name), Ok(password)) = (name, password) else {
            return Err(Refused::Wrong);
        };
        if !self.0.administrators.verify(&name, &password).await? {
            // A name that nobody has may be a password in the wrong field: it is not logged.
            warn!("an administrator's login was refused");
            return Err(Refused::Wrong);
        }
        self.0.lockout.take_back_administrator(counted).await.map_err(Fault::from)?;
        info!(administrator = name.as_str(), "an administrator logged in");
        Ok(name)
    }

    /// Adds an administrator, or gives one another password.
    pub async fn put_administrator(
        &self,
        username: &Username,
        password: &Password,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let hasher = &self.0.administrators.hasher;
        let administrator = administrator::Model {
            username: username.to_string(),
            password_hash: hasher.hash(password).await.map_err(|cause| busy(&cause))?,
            created_at: now,
            updated_at: now,
        };
        Ok(administrators::put(&self.0.storage, administrator).await.map_err(Fault::from)?)
    }
}

impl Administrators {
    async fn verify(&self, name: &Username, password: &Password) -> Result<bool, Refused> {
        let found =
            administrators::find(&self.storage, name.as_str()).await.map_err(Fault::from)?;
        match found {
            Some(found) => {
                let verdict = self.hasher.verify(password, &found.password_hash).await;
                Ok(verdict.map_err(|cause| busy(&cause))? != Verdict::Wrong)
            }
            None => {
                self.hasher.waste(password).await.map_err(|cause| busy(&cause))?;
                Ok(false)
            }
        }
    }
}

fn busy(cause: &Unavailable) -> Refused {
    warn!("an administrator's password was not hashed: {cause}");
    Refused::Unavailable { retry_after: AFTER_STORM }
}

/// Doubles with each try beyond the limit, from a quarter of a second.
fn delay(beyond: u32) -> Duration {
    if beyond == 0 {
        return Duration::ZERO;
    }
    let factor = 1_u32.checked_shl(beyond - 1).unwrap_or(u32::MAX);
    Duration::from_millis(250).saturating_mul(factor).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_ends() {
        let millis = |beyond| delay(beyond).as_millis();
        assert_eq!([0, 1, 2, 3, 6].map(millis), [0, 250, 500, 1000, 8000]);
        assert_eq!([7, 31, 32, 33, u32::MAX].map(delay), [LONGEST_DELAY; 5]);
    }
}
