//! From a configuration to a provider that can answer.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::clock::Clock;
use crate::config::{Backend, Config};
use crate::identity::{self, BackendSettings, Identities, Limits, Misconfigured};
use crate::keys::{self, Keys};
use crate::protocol::Timestamp;
use crate::seal::Sealer;
use crate::storage::{self, Storage};

use super::clients;
use super::pages::{self, Link, Pages};
use super::provider::{Parts, Provider};

/// What may differ between the binary and a story.
pub struct Options {
    pub clock: Clock,
    /// The demo application, where one is running.
    pub demo: Option<Link>,
    /// How old a client may be that is kept in memory.
    pub clients_age: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { clock: Clock::system(), demo: None, clients_age: clients::AGE }
    }
}

/// Why there is no provider: one sentence for whoever starts us.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}; correct it in the configuration")]
    Backend(#[from] Misconfigured),
    #[error(transparent)]
    Keys(#[from] keys::Fault),
    #[error("{0}; correct the template, or leave pages.templates out to use the built-in one")]
    Pages(#[from] pages::Fault),
}

/// How often expired rows are deleted.
const SWEEP: Duration = Duration::from_secs(60);
/// How old the keys in memory may be.
const KEYS_AGE: Duration = Duration::from_secs(5);
/// For clocks of others that lag behind.
const SKEW: Duration = Duration::from_secs(5 * 60);

impl Provider {
    /// Opens keys, backends and pages over a migrated database.
    pub async fn open(
        config: Config,
        storage: Storage,
        sealer: Sealer,
        options: Options,
    ) -> Result<Arc<Self>, OpenError> {
        let Options { clock, demo, clients_age } = options;
        let now = Timestamp::from_millis(clock.now());
        let keys = Keys::open(storage.clone(), sealer.clone(), key_settings(&config), now).await?;
        let identities = Identities::open(&identity_settings(&config), &storage, &sealer)?;
        let pages = Pages::open(&config.pages)?;
        let parts =
            Parts { config, storage, sealer, keys, identities, pages, clock, demo, clients_age };
        Ok(Self::new(parts))
    }

    /// What a serving node does beside answering: it reads the keys again, and deletes what has expired. Ends when dropped.
    pub async fn tend(self: Arc<Self>) {
        let keys = self.keys.clone().keep_fresh(|| self.now());
        let sweep = async {
            loop {
                tokio::time::sleep(SWEEP).await;
                match storage::sweep(&self.storage, self.now()).await {
                    Ok(0) => {}
                    Ok(rows) => tracing::debug!(rows, "swept"),
                    Err(fault) => tracing::error!(%fault, "expired rows could not be deleted"),
                }
            }
        };
        tokio::join!(keys, sweep);
    }
}

/// No token lives longer: neither configuration nor registration allows it, and a client may have lifetimes of its own.
const LONGEST_TOKEN: Duration = Duration::from_secs(86_400);

/// How signing keys are made and replaced.
pub fn key_settings(config: &Config) -> keys::Settings {
    keys::Settings {
        algorithms: config.keys.algorithms.iter().filter_map(|name| name.parse().ok()).collect(),
        rotate_after: config.keys.rotate_after,
        publish_ahead: config.keys.publish_ahead,
        keep_for: LONGEST_TOKEN + SKEW,
        cache: KEYS_AGE,
    }
}

/// How people are identified.
pub fn identity_settings(config: &Config) -> identity::Settings {
    identity::Settings {
        backends: backend_settings(&config.backend),
        breaker_failures: config.identity.breaker_failures,
        limits: Limits {
            per_name: config.login.attempts_per_name,
            per_address: config.login.attempts_per_address,
            window: config.login.window,
        },
        refusal_step: config.login.refusal_step,
        fresh_for: config.identity.attributes_fresh_for,
        tokens_live: LONGEST_TOKEN,
    }
}

/// The backends as they are configured.
pub fn backend_settings(backends: &[Backend]) -> Vec<BackendSettings> {
    let settings = |backend: &Backend| BackendSettings {
        name: backend.name.clone(),
        kind: backend.r#type.clone(),
        usernames: backend.usernames.clone(),
        patience: backend.patience,
        attempts: backend.attempts,
        claims: json(&backend.claims),
        options: json(&backend.options),
    };
    backends.iter().map(settings).collect()
}

/// A table of the configuration as JSON.
fn json(table: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(table) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
