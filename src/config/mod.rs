//! The configuration: every option, its default, its unit and its meaning; one file per section.
//!
//! One TOML file, each value overridable by an environment variable, secrets also from files of their
//! own. What is unknown or wrong is an error that names the place, the key and the remedy; all errors
//! are told at once. This module holds values only: it opens no port, no database and no certificate.
//!
//! *Why not serde alone.* Its errors name neither the section nor, for what an environment variable
//! said, the variable; and the list of options with their meaning would have to be kept a second time
//! for `init`, the README and the environment.

mod authorization;
mod backend;
mod database;
mod document;
mod environment;
mod identity;
mod issuer;
mod keys;
mod lifetimes;
mod log;
mod login;
mod network;
mod option;
mod pages;
mod problem;
mod reader;
mod sample;
mod secret;
mod server;
mod span;
mod value;

use std::path::Path;

pub use authorization::{Authorization, STANDARD_SCOPES};
pub use backend::Backend;
pub use database::Database;
pub use identity::Identity;
pub use issuer::Issuer;
pub use keys::{ALGORITHMS, Keys};
pub use lifetimes::Lifetimes;
pub use log::{Format, Log};
pub use login::{Login, SameSite};
pub use network::Network;
pub use option::{Default, Described};
pub use pages::Pages;
pub use problem::{Place, Problem, Problems};
pub use sample::sample;
pub use secret::Secret;
pub use server::{Server, Tls};
pub use span::write as write_duration;
pub use value::Kind;

use document::Document;
use option::Section;
use reader::Reader;

/// Everything that can be configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub keys: Keys,
    pub lifetimes: Lifetimes,
    pub authorization: Authorization,
    pub login: Login,
    pub identity: Identity,
    pub backend: Vec<Backend>,
    pub pages: Pages,
    pub log: Log,
}

/// The sections in the order in which people read them: name, meaning, options.
fn sections() -> [(&'static str, &'static str, &'static [Described]); 10] {
    [
        ("server", Server::ABOUT, Server::OPTIONS),
        ("database", Database::ABOUT, Database::OPTIONS),
        ("keys", Keys::ABOUT, Keys::OPTIONS),
        ("lifetimes", Lifetimes::ABOUT, Lifetimes::OPTIONS),
        ("authorization", Authorization::ABOUT, Authorization::OPTIONS),
        ("login", Login::ABOUT, Login::OPTIONS),
        ("identity", Identity::ABOUT, Identity::OPTIONS),
        ("backend", backend::ABOUT, backend::OPTIONS),
        ("pages", Pages::ABOUT, Pages::OPTIONS),
        ("log", Log::ABOUT, Log::OPTIONS),
    ]
}

/// Every option that there is.
pub fn options() -> impl Iterator<Item = &'static Described> {
    sections().into_iter().flat_map(|(_, _, options)| options)
}

/// The text of a configuration.
pub fn text_of(file: &Path) -> Result<String, Problems> {
    std::fs::read_to_string(file).map_err(|error| {
        let path = file.display();
        let sentence = format!("{path} cannot be read: {error}; `vestibule init` writes one");
        Problems::one(Place::Nowhere, sentence)
    })
}

impl Config {
    /// Reads the text of a file and lets the variables override it. `path` is only for the messages.
    pub fn parse(
        path: &str,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Problems> {
        let document = Document::parse(path, text)?;
        let mut reader = Reader::new(options().filter(|option| option.section != "backend"));
        reader.problems = document.problems;
        for (name, found) in document.options {
            reader.put(&name, found.value, found.place);
        }
        reader.backends = document.backends;
        environment::read(&mut reader, variables);
        let config = Self::read(&mut reader);
        match config {
            Some(config) if reader.problems.is_empty() => Ok(config),
            _ => Err(Problems(reader.problems)),
        }
    }

    /// The backends alone, whatever else the file holds or lacks: for whoever tries them before the
    /// rest is there, or may not read the master key.
    pub fn backends(
        path: &str,
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Vec<Backend>, Problems> {
        let document = Document::parse(path, text)?;
        let mut reader = Reader::default();
        reader.problems = document.problems;
        reader.backends = document.backends;
        environment::read_backends(&mut reader, variables);
        let backends = backend::read(&mut reader);
        if reader.problems.is_empty() { Ok(backends) } else { Err(Problems(reader.problems)) }
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        let server = Section::read(reader);
        let database = Section::read(reader);
        let keys = Section::read(reader);
        let lifetimes = Section::read(reader);
        let authorization = Section::read(reader);
        let login = Section::read(reader);
        let identity = Section::read(reader);
        let backend = backend::read(reader);
        let pages = Section::read(reader);
        let log = Section::read(reader);
        let config = Self {
            server: server?,
            database: database?,
            keys: keys?,
            lifetimes: lifetimes?,
            authorization: authorization?,
            login: login?,
            identity: identity?,
            backend,
            pages: pages?,
            log: log?,
        };
        config.validate(reader);
        Some(config)
    }

    fn validate(&self, reader: &mut Reader) {
        self.server.validate(reader);
        self.database.validate(reader);
        self.keys.validate(reader);
        self.lifetimes.validate(reader);
        self.authorization.validate(reader);
        self.login.validate(reader, self.server.issuer.is_https());
        self.identity.validate(reader);
    }
}

#[cfg(test)]
mod tests;
