//! Which plugins there are, by the `type` of a backend: the only file that names plugin crates.
//!
//! A type or an option that no plugin knows is refused with those that are known, and the nearest.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};
use vestibule_plugin::Backend;

use super::chain::Link;
use super::mapping::Mapping;
use super::names::Pattern;
use crate::storage::Storage;

#[cfg(feature = "database")]
pub use vestibule_database::{Fault as PeopleFault, NewPerson, People, Person};
#[cfg(feature = "database")]
pub(super) use vestibule_database::{Hasher, Verdict};

/// A backend as it was configured.
#[derive(Clone)]
pub struct BackendSettings {
    /// Permanent: accounts are tied to it. At most 64 bytes.
    pub name: String,
    /// Which plugin.
    pub kind: String,
    /// Patterns of the names that are this backend's alone: `*@corp.example`, `CORP\*`.
    pub usernames: Vec<String>,
    /// How long an answer may take.
    pub patience: Duration,
    /// Wrong passwords for one name that the backend may hear of before further tries must wait.
    pub attempts: Option<u32>,
    /// Claims and where each comes from; empty for attributes named as claims are.
    pub claims: Map<String, Value>,
    /// The plugin's own options.
    pub options: Map<String, Value>,
}

/// Without the values of its options: some of them are secrets.
impl fmt::Debug for BackendSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendSettings")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("usernames", &self.usernames)
            .field("patience", &self.patience)
            .field("claims", &self.claims)
            .field("options", &self.options.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// A backend that cannot be opened as it was configured: one sentence for whoever starts us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misconfigured {
    #[error("the backend `{backend}`: {problem}")]
    Backend { backend: String, problem: String },
    #[error(
        "the backends `{one}` and `{two}` claim the same `usernames`; give each name to one of them"
    )]
    Collision { one: String, two: String },
    #[error(
        "the backend `{one}` cannot tell an unknown name from a wrong password, so `{two}` would never \
         be asked; give `usernames` to `{one}`, or put it behind `{two}`"
    )]
    Hidden { one: String, two: String },
}

impl Misconfigured {
    pub(super) fn namesake(backend: &str) -> Self {
        Self::of(backend, "there are two of this name; accounts are tied to it".to_owned())
    }

    fn of(backend: &str, problem: String) -> Self {
        Self::Backend { backend: backend.to_owned(), problem }
    }
}

/// One type of backend. Another plugin is another row of [`PLUGINS`], and the function that opens it.
struct Plugin {
    kind: &'static str,
    /// Every option that it knows; any other is refused, with the nearest of these.
    options: &'static [&'static str],
    /// Those of them that hold a secret, or name the file of one.
    secrets: &'static [&'static str],
    /// Whether its people are in our own database.
    needs_storage: bool,
    /// Opens a backend, or says in a sentence why it cannot be.
    open: fn(Opening<'_>) -> Opened,
}

type Opened = Result<Box<dyn Backend>, String>;

/// Every type of backend in this build.
const PLUGINS: &[Plugin] = &[
    #[cfg(feature = "database")]
    Plugin {
        kind: "database",
        options: vestibule_database::OPTIONS,
        secrets: &[],
        needs_storage: true,
        open: database,
    },
    #[cfg(feature = "ldap")]
    Plugin {
        kind: "ldap",
        options: vestibule_ldap::OPTIONS,
        secrets: vestibule_ldap::SECRETS,
        needs_storage: false,
        open: ldap,
    },
    #[cfg(feature = "database")]
    Plugin {
        kind: "sql",
        options: vestibule_database::TABLES_OPTIONS,
        secrets: vestibule_database::TABLES_SECRETS,
        needs_storage: false,
        open: tables,
    },
];

/// What one backend needs to be opened.
#[cfg_attr(not(feature = "database"), expect(dead_code, reason = "no plugin reads it"))]
struct Opening<'a> {
    /// Its name, for the log.
    #[cfg_attr(
        all(feature = "database", not(feature = "ldap")),
        expect(dead_code, reason = "only the directory's plugin logs by it")
    )]
    name: &'a str,
    /// None but those that the plugin knows.
    options: &'a Map<String, Value>,
    /// The attributes that its claims are made of.
    attributes: Vec<String>,
    /// Whether no claims are configured, so that the attributes are those of their names.
    guessed: bool,
    /// Our own database, where it is open.
    storage: Option<&'a Storage>,
}

/// Opens one backend: its place in the chain, and the claims of its people. Our own database may be
/// missing only for those that do not need it.
pub(super) fn open(
    settings: &BackendSettings,
    storage: Option<&Storage>,
) -> Result<(Link, Mapping), Misconfigured> {
    let bad = |problem: String| Misconfigured::of(&settings.name, problem);
    if settings.name.is_empty() || settings.name.len() > 64 {
        return Err(bad("its name must have 1 to 64 bytes".to_owned()));
    }
    let usernames = patterns(settings)?;
    let mapping = Mapping::parse(&settings.claims).map_err(|claim| bad(claim.to_string()))?;
    let plugin = plugin(&settings.kind).map_err(bad)?;
    only(&settings.options, plugin.options).map_err(bad)?;
    let attributes = mapping.attributes();
    let guessed = settings.claims.is_empty();
    let opening =
        Opening { name: &settings.name, options: &settings.options, attributes, guessed, storage };
    let backend = (plugin.open)(opening).map_err(bad)?;
    let &BackendSettings { patience, attempts, .. } = settings;
    let name = settings.name.clone();
    Ok((Link { name, usernames, patience, attempts, backend }, mapping))
}

/// The names that are a backend's alone.
pub(super) fn patterns(settings: &BackendSettings) -> Result<Vec<Pattern>, Misconfigured> {
    let pattern = |text: &String| {
        Pattern::parse(text).map_err(|_| {
            let problem = format!(
                "`usernames` has `{text}`; a pattern is a name, or a part of one with a `*` before \
                 or behind it"
            );
            Misconfigured::of(&settings.name, problem)
        })
    };
    settings.usernames.iter().map(pattern).collect()
}

/// Whether the people of this type of backend are in our own database.
pub(super) fn needs_storage(kind: &str) -> bool {
    plugin(kind).is_ok_and(|plugin| plugin.needs_storage)
}

/// The options of this type of backend that hold a secret.
pub(super) fn secrets(kind: &str) -> &'static [&'static str] {
    plugin(kind).map(|plugin| plugin.secrets).unwrap_or_default()
}

fn plugin(kind: &str) -> Result<&'static Plugin, String> {
    PLUGINS.iter().find(|plugin| plugin.kind == kind).ok_or_else(|| {
        let known: Vec<&str> = PLUGINS.iter().map(|plugin| plugin.kind).collect();
        not_known("type", kind, &known)
    })
}

#[cfg(feature = "database")]
fn database(opening: Opening<'_>) -> Opened {
    let Opening { options, attributes, storage, .. } = opening;
    let storage = storage.ok_or("its people are in our own database, which is not open")?;
    let hasher = hasher(options)?;
    Ok(Box::new(people_of(storage, hasher, attributes)))
}

#[cfg(feature = "ldap")]
fn ldap(opening: Opening<'_>) -> Opened {
    let Opening { name, options, attributes, guessed, .. } = opening;
    let ldap = vestibule_ldap::Ldap::open(name, options, attributes);
    let ldap = ldap.map_err(|option| option.to_string())?;
    Ok(Box::new(if guessed { ldap.with_guessed_attributes() } else { ldap }))
}

#[cfg(feature = "database")]
fn tables(opening: Opening<'_>) -> Opened {
    let Opening { options, attributes, guessed, .. } = opening;
    let tables = vestibule_database::Tables::open(options, attributes);
    let tables = tables.map_err(|option| option.to_string())?;
    Ok(Box::new(if guessed { tables.with_guessed_attributes() } else { tables }))
}

/// The people that a backend of type `database` keeps, for whoever administers them.
#[cfg(feature = "database")]
pub(super) fn people(
    backend: &str,
    options: &Map<String, Value>,
    storage: &Storage,
) -> Result<People, Misconfigured> {
    let hasher = hasher(options).map_err(|problem| Misconfigured::of(backend, problem))?;
    Ok(people_of(storage, hasher, Vec::new()))
}

#[cfg(feature = "database")]
fn people_of(storage: &Storage, hasher: Hasher, attributes: Vec<String>) -> People {
    let (read, write) = (storage.connection().clone(), storage.write_connection().clone());
    People::open(read, write, hasher, attributes)
}

/// A pool like that of the first backend of type `database`, or the default one.
#[cfg(feature = "database")]
pub(super) fn first_hasher(backends: &[BackendSettings]) -> Result<Hasher, Misconfigured> {
    let Some(first) = backends.iter().find(|backend| backend.kind == "database") else {
        let default = vestibule_database::Settings::default();
        return Ok(Hasher::new(default.cost, default.workers, default.queue));
    };
    hasher(&first.options).map_err(|problem| Misconfigured::of(&first.name, problem))
}

#[cfg(feature = "database")]
fn hasher(options: &Map<String, Value>) -> Result<Hasher, String> {
    only(options, vestibule_database::OPTIONS)?;
    let settings =
        vestibule_database::Settings::parse(options).map_err(|option| option.to_string())?;
    Ok(Hasher::new(settings.cost, settings.workers, settings.queue))
}

fn only(options: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match options.keys().find(|option| !known.contains(&option.as_str())) {
        Some(unknown) => Err(not_known("option", unknown, known)),
        None => Ok(()),
    }
}

fn not_known(what: &str, unknown: &str, known: &[&str]) -> String {
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let nearest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 2);
    match nearest {
        Some((_, nearest)) => format!(
            "the {what} `{unknown}` is not known; did you mean `{nearest}`? There are: {list}"
        ),
        None => format!("the {what} `{unknown}` is not known; there are: {list}"),
    }
}

#[cfg(test)]
mod tests;
