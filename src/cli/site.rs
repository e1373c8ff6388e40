//! What most commands need: the configuration, and the database that it names.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::failure::Failure;
use super::surroundings::Surroundings;
use crate::config::{Backend, Config, Secret, text_of};
use crate::http::opening::{OpenError, Options};
use crate::http::provider::Provider;
use crate::identity::Misconfigured;
use crate::protocol::Timestamp;
use crate::seal::{MasterKey, Sealer};
use crate::storage::{Settings, Storage};

/// An installation, opened from outside of its server.
pub(super) struct Site {
    pub(super) config: Config,
    pub(super) storage: Storage,
    pub(super) now: Timestamp,
}

impl Site {
    /// Opens the database, which must be migrated.
    pub(super) async fn open(file: &Path, surroundings: &Surroundings) -> Result<Self, Failure> {
        let config = configuration(file, surroundings)?;
        let storage = database(&config).await?;
        let pending = pending(&storage).await?;
        if !pending.is_empty() {
            return Err(Failure::new(format!(
                "database.url: the database lacks {} of our changes; `vestibule migrate` makes them",
                pending.len()
            )));
        }
        let now = Timestamp::from_millis(surroundings.clock.now());
        Ok(Self { config, storage, now })
    }

    pub(super) fn sealer(&self) -> Result<Sealer, Failure> {
        sealer(&self.config)
    }

    /// When nothing that is alive now can be alive any more.
    pub(super) fn everything_over(&self) -> Timestamp {
        let lifetimes = self.config.lifetimes.named();
        let longest = lifetimes.into_iter().map(|(_, lifetime)| lifetime).max();
        self.now.plus(longest.unwrap_or_default())
    }
}

/// Reads the configuration. Without a file it may come from the environment alone.
pub(super) fn configuration(file: &Path, surroundings: &Surroundings) -> Result<Config, Failure> {
    let (path, text) = text(file, surroundings)?;
    Ok(Config::parse(&path, &text, surroundings.variables.iter().cloned())?)
}

/// Reads the backends alone, whatever the rest of the configuration lacks.
pub(super) fn backends(file: &Path, surroundings: &Surroundings) -> Result<Vec<Backend>, Failure> {
    let (path, text) = text(file, surroundings)?;
    Ok(Config::backends(&path, &text, surroundings.variables.iter().cloned())?)
}

/// The file for messages, and its text.
fn text(file: &Path, surroundings: &Surroundings) -> Result<(String, String), Failure> {
    let ours = |(name, _): &(String, String)| name.starts_with("VESTIBULE_") && name.contains("__");
    let named = file != Path::new(super::CONFIG);
    if !named && !file.exists() && surroundings.variables.iter().any(ours) {
        return Ok((super::CONFIG.to_owned(), String::new()));
    }
    if !file.exists() {
        return Err(Failure::new(format!(
            "there is no configuration {}; name one with --config, or let `vestibule init` write it",
            file.display()
        )));
    }
    Ok((file.display().to_string(), text_of(file)?))
}

/// Connects to the database.
pub(super) async fn database(config: &Config) -> Result<Storage, Failure> {
    let settings = Settings {
        url: config.database.url.reveal().to_owned(),
        connections: config.database.connections,
        patience: Duration::from_secs(5),
    };
    let opened = Storage::open(&settings).await;
    opened.map_err(|fault| {
        Failure::new(format!("database.url: {fault}; is the address right and the server up?"))
    })
}

/// The changes that the database lacks.
pub(super) async fn pending(storage: &Storage) -> Result<Vec<String>, Failure> {
    let pending = storage.pending_migrations().await;
    pending.map_err(|fault| Failure::new(format!("database.url: {fault}")))
}

/// The master keys, ready for use.
pub(super) fn sealer(config: &Config) -> Result<Sealer, Failure> {
    let read = |name: &str, secret: &Secret| {
        MasterKey::parse(secret.reveal()).map_err(|wrong| Failure::new(format!("{name}: {wrong}")))
    };
    let current = read("keys.master_key", &config.keys.master_key)?;
    let former = config.keys.former_master_key.as_ref();
    let former = former.map(|secret| read("keys.former_master_key", secret)).transpose()?;
    Ok(Sealer::new(&current, former.as_ref())?)
}

/// A complaint about a backend, with the place that it is about.
pub(super) fn misconfigured(backends: &[Backend], wrong: &Misconfigured) -> Failure {
    let sentence = wrong.to_string();
    let Misconfigured::Backend { backend: name, .. } = wrong else {
        return Failure::new(sentence);
    };
    match backends.iter().find(|backend| backend.name == *name) {
        Some(backend) => Failure::new(format!("{}: {sentence}", backend.place_of(&sentence))),
        None => Failure::new(sentence),
    }
}

/// Everything that answers needs, over a migrated database.
pub(super) async fn provider(site: Site, options: Options) -> Result<Arc<Provider>, Failure> {
    let sealer = site.sealer()?;
    let backends = site.config.backend.clone();
    let opened = Provider::open(site.config, site.storage, sealer, options).await;
    opened.map_err(|error| match error {
        OpenError::Backend(wrong) => misconfigured(&backends, &wrong),
        other => other.into(),
    })
}
