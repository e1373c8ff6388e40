//! The keys as one reading of the database found them, and what follows from that for any instant. Neither waits nor fails
//! once it is read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Fault;
use crate::jose::{PrivateKey, Signer, Verifier};
use crate::protocol::{Algorithm, Timestamp};
use crate::seal::{Purpose, Sealer};
use crate::storage::key;

/// Ordered by algorithm and generation.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    reading: u64,
    entries: Vec<Entry>,
    jwks: Arc<Mutex<Option<Jwks>>>,
}

#[derive(Clone)]
struct Entry {
    key: Arc<Key>,
    algorithm: Algorithm,
    generation: i64,
    created_at: Timestamp,
    activates_at: Timestamp,
    /// When the next generation takes over.
    superseded_at: Option<Timestamp>,
}

/// What is costly to build, kept from one snapshot to the next.
struct Key {
    kid: String,
    jwk: Map<String, Value>,
    signer: Arc<Signer>,
    verifier: Arc<Verifier>,
}

/// A key set in writing, and from when until when it is the right one.
struct Jwks {
    from: Timestamp,
    until: Option<Timestamp>,
    text: Arc<str>,
}

/// What a key is for at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Published, to sign later.
    Next,
    Signing,
    /// No longer signs; tokens that it signed still live.
    Published,
    /// Verifies hints only.
    Retired,
}

/// A key, for the operator's eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub kid: String,
    pub algorithm: Algorithm,
    pub generation: i64,
    pub state: State,
    pub created_at: Timestamp,
    pub activates_at: Timestamp,
    /// When its successor takes over, if there is one yet.
    pub superseded_at: Option<Timestamp>,
}

impl Snapshot {
    /// The number of the reading that this is of; later readings have greater ones.
    pub(super) fn reading(&self) -> u64 {
        self.reading
    }

    /// The snapshot that these rows give, with what this one has already built.
    pub(super) fn read_again(
        &self,
        reading: u64,
        rows: &[key::Model],
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        // A newer version on another node may have made keys of which this one cannot know.
        let known = rows.iter().filter_map(|row| Some((row.algorithm.parse().ok()?, row)));
        let mut known: Vec<(Algorithm, &key::Model)> = known.collect();
        known.sort_unstable_by_key(|(algorithm, row)| (*algorithm, row.generation));

        let mut entries = Vec::with_capacity(known.len());
        for (place, (algorithm, row)) in known.iter().enumerate() {
            let successor = known.get(place + 1).filter(|(other, _)| other == algorithm);
            let superseded_at = successor.map(|(_, row)| row.activates_at);
            let key = match self
                .key(&row.kid, *algorithm)
                .map_or_else(|| Key::read(*algorithm, row, sealer), Ok)
            {
                Ok(key) => key,
                // It signs nothing any more: do without it rather than without all.
                Err(fault) if superseded_at.is_some_and(|at| at <= now) => {
                    if self.reading == 0 {
                        tracing::warn!(%fault, "a key that no longer signs is left out");
                    }
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            entries.push(Entry {
                key,
                algorithm: *algorithm,
                generation: row.generation,
                created_at: row.created_at,
                activates_at: row.activates_at,
                superseded_at,
            });
        }
        Ok(Self { reading, entries, jwks: Arc::default() })
    }

    pub(super) fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Option<Arc<Signer>> {
        let mut keys = self.entries.iter().filter(|entry| entry.algorithm == algorithm);
        let signing = keys.find(|entry| entry.state(now, Duration::ZERO) == State::Signing)?;
        Some(Arc::clone(&signing.key.signer))
    }

    pub(super) fn verifier(&self, kid: &str, algorithm: Algorithm) -> Option<Arc<Verifier>> {
        self.key(kid, algorithm).map(|key| Arc::clone(&key.verifier))
    }

    pub(super) fn jwks(&self, now: Timestamp, keep_for: Duration) -> Arc<str> {
        let mut kept = self.jwks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jwks) = kept.as_ref().filter(|jwks| jwks.holds_at(now)) {
            return Arc::clone(&jwks.text);
        }
        let jwks = self.write_jwks(now, keep_for);
        let text = Arc::clone(&jwks.text);
        *kept = Some(jwks);
        text
    }

    pub(super) fn list(&self, now: Timestamp, keep_for: Duration) -> Vec<Listed> {
        let listed = self.entries.iter().map(|entry| Listed {
            kid: entry.key.kid.clone(),
            algorithm: entry.algorithm,
            generation: entry.generation,
            state: entry.state(now, keep_for),
            created_at: entry.created_at,
            activates_at: entry.activates_at,
            superseded_at: entry.superseded_at,
        });
        listed.collect()
    }

    fn key(&self, kid: &str, algorithm: Algorithm) -> Option<Arc<Key>> {
        let mut entries = self.entries.iter().filter(|entry| entry.algorithm == algorithm);
        entries.find(|entry| entry.key.kid == kid).map(|entry| Arc::clone(&entry.key))
    }

    fn write_jwks(&self, now: Timestamp, keep_for: Duration) -> Jwks {
        let published =
            self.entries.iter().filter(|entry| entry.state(now, keep_for) != State::Retired);
        let keys: Vec<_> = published.clone().map(|entry| &entry.key.jwk).collect();
        Jwks {
            from: now,
            // The set shrinks by itself; that it grows takes another snapshot.
            until: published.filter_map(|entry| Some(entry.superseded_at?.plus(keep_for))).min(),
            text: json!({ "keys": keys }).to_string().into(),
        }
    }
}

impl Entry {
    fn state(&self, now: Timestamp, keep_for: Duration) -> State {
        match self.superseded_at {
            Some(at) if at.plus(keep_for) <= now => State::Retired,
            Some(at) if at <= now => State::Published,
            // The first of its kind signs at once, even for a node whose clock is behind its maker's.
            _ if self.activates_at <= now || self.generation == 1 => State::Signing,
            _ => State::Next,
        }
    }
}

impl Jwks {
    fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

impl Key {
    fn read(algorithm: Algorithm, row: &key::Model, sealer: &Sealer) -> Result<Arc<Self>, Fault> {
        let unreadable = || Fault::Unreadable(row.kid.clone());
        let der = sealer.decrypt(Purpose::Key, &row.kid, &row.private).map_err(|_| unreadable())?;
        let private = PrivateKey::from_der(algorithm, &der)?;
        // Anyone who writes to the database could have put a public key there, but not a private one.
        let jwk = private.public_jwk(&row.kid);
        if serde_json::from_str::<Map<String, Value>>(&row.public).ok().as_ref() != Some(&jwk) {
            return Err(unreadable());
        }
        Ok(Arc::new(Self {
            kid: row.kid.clone(),
            signer: Arc::new(Signer::new(&private, &row.kid)?),
            verifier: Arc::new(Verifier::from_jwk(algorithm, &jwk)?),
            jwk,
        }))
    }
}
