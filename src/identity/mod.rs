//! People: who they are, where they are known, and what is said of them.
//!
//! ```text
//! name, password ─▶ names ─▶ lockout ─▶ chain ─▶ accounts        log_in and change, the one door
//!                                         │
//! account ─────────▶ current ─────────────┴────▶ accounts ─▶ mapping ─▶ claims
//! ```
//!
//! Backends are plugins; `registry` alone names their crates and `mapping` alone speaks of claims.
//! Nothing in here knows of clients, of tokens or of HTTP.

mod accounts;
#[cfg(feature = "database")]
mod administrator;
mod breaker;
mod chain;
mod change;
mod current;
mod lockout;
mod log_in;
mod mapping;
mod names;
#[cfg(feature = "database")]
pub mod people;
mod registry;
pub mod rehearsals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use vestibule_plugin::Unavailable;

use crate::seal::{self, Sealer};
use crate::storage::{self, Storage};

use accounts::Accounts;
use chain::{Chain, Link};
use lockout::Lockout;
use mapping::Mapping;

pub use breaker::Condition;
pub use change::NotChanged;
pub use current::Absent;
pub use lockout::{KnownBrowser, Limits};
pub use log_in::{Attempt, LoggedIn, Refused, State, Warning};
pub use names::normalise;
pub use registry::{BackendSettings, Misconfigured};

/// How people are identified.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In the order in which they are asked.
    pub backends: Vec<BackendSettings>,
    /// A backend that fails so often in a row is left alone until it answers again.
    pub breaker_failures: u32,
    pub limits: Limits,
    /// Refusals are answered at multiples of this time.
    pub refusal_step: Duration,
    /// The age up to which what a backend said is used without asking again.
    pub fresh_for: Duration,
    /// The longest life of a token that names a session: so long must its revocation stand.
    pub tokens_live: Duration,
}

/// Everybody who can log in. Cheap to clone.
#[derive(Clone)]
pub struct Identities(Arc<Parts>);

struct Parts {
    chain: Chain,
    /// By backend.
    mappings: BTreeMap<String, Mapping>,
    accounts: Accounts,
    lockout: Lockout,
    storage: Storage,
    refusal_step: Duration,
    fresh_for: Duration,
    tokens_live: Duration,
    #[cfg(feature = "database")]
    administrators: administrator::Administrators,
}

/// What went wrong, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Storage(#[from] storage::Fault),
    #[error(transparent)]
    Seal(#[from] seal::Fault),
    #[error("the attributes of account {0} cannot be read")]
    Attributes(String),
    #[error("account {0} has no subject that could be looked up")]
    Subject(String),
    #[error("the change of a password was broken off")]
    Interrupted,
}

impl Fault {
    /// Whether it may be over in a moment (503).
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Storage(fault) if fault.is_unavailable())
    }
}

impl Identities {
    /// Opens every backend; asks none of them anything yet.
    pub fn open(
        settings: &Settings,
        storage: &Storage,
        sealer: &Sealer,
    ) -> Result<Self, Misconfigured> {
        let backends =
            settings.backends.iter().map(|backend| registry::open(backend, Some(storage)));
        Self::of(backends.collect::<Result<_, _>>()?, settings, storage, sealer)
    }

    fn of(
        backends: Vec<(Link, Mapping)>,
        settings: &Settings,
        storage: &Storage,
        sealer: &Sealer,
    ) -> Result<Self, Misconfigured> {
        let (mut links, mut mappings) = (Vec::new(), BTreeMap::new());
        for (link, mapping) in backends {
            if mappings.insert(link.name.clone(), mapping).is_some() {
                return Err(Misconfigured::namesake(&link.name));
            }
            links.push(link);
        }
        let chain = Chain::new(links, settings.breaker_failures)?;
        Ok(Self(Arc::new(Parts {
            chain,
            mappings,
            accounts: Accounts { storage: storage.clone(), sealer: sealer.clone() },
            lockout: Lockout {
                storage: storage.clone(),
                sealer: sealer.clone(),
                limits: settings.limits,
            },
            storage: storage.clone(),
            refusal_step: settings.refusal_step,
            fresh_for: settings.fresh_for,
            tokens_live: settings.tokens_live,
            #[cfg(feature = "database")]
            administrators: administrator::Administrators {
                storage: storage.clone(),
                hasher: registry::first_hasher(&settings.backends)?,
            },
        })))
    }

    /// Whether each backend could answer now, by name: all are asked, as long as each may take.
    pub async fn health(&self) -> Vec<(&str, Result<(), Unavailable>)> {
        self.0.chain.health(Duration::MAX).await
    }

    /// As [`Identities::health`], for whoever waits no longer than `patience`: what was last known stands
    /// where the answer takes longer.
    pub async fn health_within(&self, patience: Duration) -> Vec<(&str, Result<(), Unavailable>)> {
        self.0.chain.health(patience).await
    }

    /// How each backend was lately seen, in order. Asks none.
    pub fn conditions(&self) -> impl Iterator<Item = Condition<'_>> {
        self.0.chain.conditions()
    }

    /// The backends that are buttons on the login page, in order.
    pub fn redirects(&self) -> impl Iterator<Item = &str> {
        self.0.chain.redirects()
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
