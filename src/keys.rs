//! Which key signs now, which keys are published, and how one follows another.
//!
//! Each algorithm has keys in generations. When a key signs follows from the rows alone, so all nodes agree without talking:
//!
//! ```text
//!            created_at        activates_at              successor's activates_at
//! generation n  ├── published ahead ──┼──────── signs ───────────┼── still published ──┤ retired
//!                 publish_ahead                                        keep_for
//! ```
//!
//! Two nodes that make the next generation at once try to insert the same (algorithm, generation): one succeeds, both read it
//! back. Retired keys are kept, as an `id_token_hint` is accepted after its key retired. Private parts lie in the database
//! encrypted under the master key; they also vouch for the public ones, so that nobody plants a key who has the database alone.
//!
//! A node answers from a [snapshot] in memory. [`Keys::keep_fresh`] reads it again every [`Settings::cache`], so it lags behind
//! the database by at most that plus one reading, which `publish_ahead` must exceed. Requests never wait for a reading; if
//! it fails, the last snapshot goes on.

mod reseal;
mod snapshot;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::jose::{self, PrivateKey, Signer, Verifier};
use crate::protocol::{Algorithm, Timestamp};
use crate::seal::{self, Purpose, Sealer};
use crate::secret;
use crate::storage::{self, Storage, key};

pub use reseal::{Resealed, reseal};
pub use snapshot::{Listed, State};

use snapshot::Snapshot;

/// How keys follow each other.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A key pair is made for each; HS256 has none and is passed over.
    pub algorithms: Vec<Algorithm>,
    /// The age at which a key is replaced; never, if absent.
    pub rotate_after: Option<Duration>,
    /// How long a key is published before it signs: longer than anyone may cache our JWKS.
    pub publish_ahead: Duration,
    /// How long a key is published after it signed last: the longest life of a token.
    pub keep_for: Duration,
    /// The time between two readings of the database.
    pub cache: Duration,
}

/// For the operator.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Storage(#[from] storage::Fault),
    #[error(transparent)]
    Jose(#[from] jose::Fault),
    #[error(transparent)]
    Seal(#[from] seal::Fault),
    #[error("no key signs with {}; is it among keys.algorithms?", .0.as_str())]
    NoKey(Algorithm),
    #[error(
        "the signing key {0} cannot be read: it was encrypted under another master key, or changed since; \
         configure the key of that time as keys.former_master_key"
    )]
    Unreadable(String),
    #[error("making a key was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// The signing keys. Clones share one snapshot.
#[derive(Clone)]
pub struct Keys(Arc<Shared>);

struct Shared {
    storage: Storage,
    sealer: Sealer,
    settings: Settings,
    snapshot: RwLock<Snapshot>,
    readings: AtomicU64,
}

impl Keys {
    /// Reads the keys, and makes those that are missing.
    pub async fn open(
        storage: Storage,
        sealer: Sealer,
        mut settings: Settings,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        settings.algorithms.retain(|algorithm| !algorithm.is_symmetric());
        settings.algorithms.sort_unstable();
        settings.algorithms.dedup();
        let keys = Self(Arc::new(Shared {
            storage,
            sealer,
            settings,
            snapshot: RwLock::default(),
            readings: AtomicU64::new(1),
        }));
        keys.refresh(now).await?;
        Ok(keys)
    }

    /// The key that signs at `now`.
    pub fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Result<Arc<Signer>, Fault> {
        self.snapshot(|snapshot| snapshot.signer(algorithm, now))
            .filter(|_| self.0.settings.algorithms.contains(&algorithm))
            .ok_or(Fault::NoKey(algorithm))
    }

    /// The key of that name, retired ones included.
    pub fn verifier(&self, kid: &str, algorithm: Algorithm) -> Option<Arc<Verifier>> {
        self.snapshot(|snapshot| snapshot.verifier(kid, algorithm))
    }

    /// The published keys as a JWK Set (RFC 7517 §5), written once for each reading and change.
    pub fn jwks(&self, now: Timestamp) -> Arc<str> {
        self.snapshot(|snapshot| snapshot.jwks(now, self.0.settings.keep_for))
    }

    /// Every key there ever was, and what it is for at `now`.
    pub fn list(&self, now: Timestamp) -> Vec<Listed> {
        self.snapshot(|snapshot| snapshot.list(now, self.0.settings.keep_for))
    }

    /// Reads the keys again, having first made those that are missing or have a predecessor of age.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), Fault> {
        let reading = self.0.readings.fetch_add(1, Ordering::Relaxed);
        let mut rows = storage::keys::list(&self.0.storage).await?;
        let due = self.0.settings.algorithms.iter();
        let due: Vec<_> = due
            .filter_map(|algorithm| self.due(*algorithm, latest(&rows, *algorithm), now))
            .collect();
        if !due.is_empty() {
            self.make(due, now).await?;
            rows = storage::keys::list(&self.0.storage).await?;
        }
        self.replace(reading, &rows, now)
    }

    /// Publishes a next key for each of these algorithms, to sign from `publish_ahead` on. One that already waits stays the
    /// next one.
    pub async fn rotate(&self, algorithms: &[Algorithm], now: Timestamp) -> Result<(), Fault> {
        let rows = storage::keys::list(&self.0.storage).await?;
        let next = algorithms.iter().filter(|algorithm| !algorithm.is_symmetric());
        let next =
            next.filter_map(|algorithm| self.next(*algorithm, latest(&rows, *algorithm), now));
        self.make(next.collect(), now).await?;
        self.refresh(now).await
    }

    /// Refreshes for ever, every [`Settings::cache`]. To be spawned by whoever serves.
    pub async fn keep_fresh(self, now: impl Fn() -> Timestamp + Send) {
        loop {
            tokio::time::sleep(self.0.settings.cache).await;
            if let Err(fault) = self.refresh(now()).await {
                tracing::error!(%fault, "the signing keys could not be read again");
            }
        }
    }

    fn snapshot<T>(&self, read: impl FnOnce(&Snapshot) -> T) -> T {
        read(&self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a newer reading in the place of the snapshot; one that was overtaken is dropped.
    fn replace(&self, reading: u64, rows: &[key::Model], now: Timestamp) -> Result<(), Fault> {
        let before = self.snapshot(Snapshot::clone);
        let after = before.read_again(reading, rows, &self.0.sealer, now)?;
        let mut snapshot = self.0.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        if snapshot.reading() < reading {
            *snapshot = after;
        }
        Ok(())
    }

    /// The key to be made because there is none, or because the latest is old enough to be replaced.
    fn due(
        &self,
        algorithm: Algorithm,
        latest: Option<&key::Model>,
        now: Timestamp,
    ) -> Option<Next> {
        let Some(latest) = latest else { return self.next(algorithm, None, now) };
        let replaced_at = latest.activates_at.plus(self.0.settings.rotate_after?);
        let due = now.plus(self.0.settings.publish_ahead) >= replaced_at;
        due.then(|| self.next(algorithm, Some(latest), now)).flatten()
    }

    /// The key after the latest, unless that one still waits.
    fn next(
        &self,
        algorithm: Algorithm,
        latest: Option<&key::Model>,
        now: Timestamp,
    ) -> Option<Next> {
        let Some(latest) = latest else {
            // Before the first key nobody can have cached anything.
            return Some(Next { algorithm, generation: 1, activates_at: now });
        };
        let activates_at = now.plus(self.0.settings.publish_ahead);
        let generation = latest.generation.saturating_add(1);
        (latest.activates_at <= now).then_some(Next { algorithm, generation, activates_at })
    }

    /// Makes keys, all at once and off the runtime; where another node was faster, its key stays.
    async fn make(&self, next: Vec<Next>, now: Timestamp) -> Result<(), Fault> {
        let mut making = JoinSet::new();
        for next in next {
            let sealer = self.0.sealer.clone();
            making.spawn_blocking(move || next.make(&sealer, now));
        }
        while let Some(made) = making.join_next().await {
            let row = made??;
            let (kid, algorithm) = (row.kid.clone(), row.algorithm.clone());
            if storage::keys::put(&self.0.storage, row).await? {
                tracing::info!(kid, algorithm, "made a signing key");
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

/// A key that is to be made.
struct Next {
    algorithm: Algorithm,
    generation: i64,
    activates_at: Timestamp,
}

impl Next {
    fn make(self, sealer: &Sealer, now: Timestamp) -> Result<key::Model, Fault> {
        let kid = secret::id();
        let key = PrivateKey::generate(self.algorithm)?;
        let public = serde_json::to_string(&key.public_jwk(&kid)).map_err(jose::Fault::Json)?;
        Ok(key::Model {
            private: sealer.encrypt(Purpose::Key, &kid, &key.to_der()?)?,
            kid,
            algorithm: self.algorithm.as_str().to_owned(),
            generation: self.generation,
            public,
            activates_at: self.activates_at,
            created_at: now,
        })
    }
}

fn latest(rows: &[key::Model], algorithm: Algorithm) -> Option<&key::Model> {
    let same = rows.iter().filter(|row| row.algorithm == algorithm.as_str());
    same.max_by_key(|row| row.generation)
}

#[cfg(test)]
mod tests;
