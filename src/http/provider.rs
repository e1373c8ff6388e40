//! Everything that a request needs, made once at start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, SameSite};
use crate::identity::Identities;
use crate::keys::Keys;
use crate::protocol::authorization::Policy;
use crate::protocol::discovery::Document;
use crate::protocol::{Algorithm, Timestamp};
use crate::seal::Sealer;
use crate::storage::Storage;

use super::clients::Clients;
use super::cookies::Cookies;
use super::pages::{Link, Pages};

/// The provider, as its endpoints see it.
pub struct Provider {
    pub issuer: String,
    pub config: Config,
    pub policy: Policy,
    /// Each scope that exists, in plain words.
    pub scopes: BTreeMap<String, String>,
    /// What ID Tokens can be signed with.
    pub algorithms: Vec<Algorithm>,
    pub storage: Storage,
    pub sealer: Sealer,
    pub keys: Keys,
    pub identities: Identities,
    pub clients: Clients,
    pub pages: Pages,
    pub cookies: Cookies,
    /// The demo application, where one is running.
    pub demo: Option<Link>,
    clock: Clock,
}

/// What [`Provider::new`] is put together from.
pub struct Parts {
    pub config: Config,
    pub storage: Storage,
    pub sealer: Sealer,
    pub keys: Keys,
    pub identities: Identities,
    pub pages: Pages,
    pub clock: Clock,
    pub demo: Option<Link>,
    /// How old a client may be that is kept in memory.
    pub clients_age: Duration,
}

impl Provider {
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { config, storage, sealer, keys, identities, pages, clock, demo, clients_age } =
            parts;
        let issuer = config.server.issuer.as_str().to_owned();
        let scopes = config.authorization.all_scopes();
        let policy = Policy {
            scopes: scopes.keys().map(String::as_str).collect(),
            acr_values: config.authorization.acr_values.clone(),
            plain_pkce: config.authorization.plain_pkce,
            require_pkce: config.authorization.require_pkce,
        };
        let own = config.keys.algorithms.iter().filter_map(|name| name.parse().ok());
        let cookies = Cookies {
            https: config.server.issuer.is_https(),
            cross_site: config.login.same_site == SameSite::None,
        };
        Arc::new(Self {
            issuer,
            policy,
            scopes,
            algorithms: own.chain([Algorithm::HS256]).collect(),
            clients: Clients::new(storage.clone(), sealer.clone(), clients_age),
            cookies,
            config,
            storage,
            sealer,
            keys,
            identities,
            pages,
            demo,
            clock,
        })
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now())
    }

    /// What we announce.
    pub fn document(&self) -> Document {
        Document::new(&self.issuer, &self.policy, &self.algorithms)
    }

    /// A path of ours as a URL.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}
