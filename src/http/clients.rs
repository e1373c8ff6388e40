//! Registered clients, kept in memory for a few seconds.
//!
//! What another node changes is seen here after [`AGE`] at the latest.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::jose::{Signer, Verifier};
use crate::protocol::Client;
use crate::protocol::client;
use crate::seal::{Purpose, Sealer};
use crate::storage::client::Model as Row;
use crate::storage::{self, Storage, clients};

use super::fault::Fault;

/// How old what is kept may be.
pub const AGE: Duration = Duration::from_secs(3);
/// How many clients are kept, and how many ids that nobody has.
const CAPACITY: u64 = 10_000;

/// A client, with what it takes to sign for it.
pub struct Registered {
    pub client: Client,
    /// The signer of a client registered for HS256, whose key is its secret.
    pub hmac: Option<Arc<Signer>>,
    /// What knows its signatures again.
    pub verifier: Option<Arc<Verifier>>,
}

/// Finds clients by id.
#[derive(Clone)]
pub struct Clients {
    storage: Storage,
    sealer: Sealer,
    kept: Cache<String, Option<Arc<Registered>>>,
    origins: Cache<(), Arc<BTreeSet<String>>>,
}

impl Clients {
    /// `age` is [`AGE`], but for stories that look at what lies behind it.
    pub fn new(storage: Storage, sealer: Sealer, age: Duration) -> Self {
        let kept = Cache::builder().max_capacity(CAPACITY).time_to_live(age).build();
        let origins = Cache::builder().max_capacity(1).time_to_live(age).build();
        Self { storage, sealer, kept, origins }
    }

    /// The client, unless there is none or it is disabled.
    pub async fn find(&self, client_id: &str) -> Result<Option<Arc<Registered>>, Fault> {
        if client_id.len() > client::LONGEST_ID {
            return Ok(None);
        }
        if let Some(kept) = self.kept.get(client_id).await {
            return Ok(kept);
        }
        let found = match clients::find(&self.storage, client_id).await? {
            Some(row) if !row.disabled => Some(Arc::new(self.read(&row)?)),
            _ => None,
        };
        self.kept.insert(client_id.to_owned(), found.clone()).await;
        Ok(found)
    }

    /// Whether any client may call us from pages of this origin. All that a preflight can be asked.
    pub async fn any_has_origin(&self, origin: &str) -> Result<bool, Fault> {
        let origins = self.origins.try_get_with((), self.all_origins()).await;
        Ok(origins.map_err(|fault| storage::Fault::clone(&fault))?.contains(origin))
    }

    /// However many ask at once, the table is read by one of them.
    async fn all_origins(&self) -> Result<Arc<BTreeSet<String>>, storage::Fault> {
        let mut origins = BTreeSet::new();
        for row in clients::list(&self.storage).await? {
            match clients::read(&row) {
                Ok(client) if !client.disabled => origins.extend(client.origins()),
                Ok(_) => {}
                Err(fault) => tracing::error!(client_id = row.id, %fault, "a client is left out"),
            }
        }
        Ok(Arc::new(origins))
    }

    fn read(&self, row: &Row) -> Result<Registered, Fault> {
        let client = clients::read(row)?;
        let (mut hmac, mut verifier) = (None, None);
        if let Some(sealed) = &row.secret_sealed {
            let secret = self.sealer.decrypt(Purpose::ClientSecret, &row.id, sealed);
            let secret = secret.map_err(|_| Fault::Undecipherable("a client's secret"))?;
            hmac = Some(Arc::new(Signer::hmac(&secret)?));
            verifier = Some(Arc::new(Verifier::hmac(&secret)?));
        }
        Ok(Registered { client, hmac, verifier })
    }
}
