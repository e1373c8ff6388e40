//! People in a directory: the backend of type `ldap`, for OpenLDAP, 389 Directory Server, Active
//! Directory and whatever else speaks LDAP (RFC 4511).
//!
//! ```text
//! login ──▶ search by name ──▶ bind as the person ──▶ groups ──▶ identity
//!       └── bind by a template, then read as whoever may ──────┘
//! look-up ─▶ search by subject ─▶ state of the account ──▶ groups ──▶ identity
//! ```
//!
//! What kind of directory it is, it says itself, and is asked at the first use.

mod account;
mod asker;
mod change;
mod controls;
mod dn;
mod entry;
mod escape;
mod flavour;
mod groups;
mod identifiers;
mod login;
mod lookup;
mod person;
mod rehearsal;
mod settings;
mod stamps;
mod states;
mod subject;
mod template;
mod wire;

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::{Map, Value};
use vestibule_plugin::{Backend, Directory, Host, Login, PasswordChange, Rehearsal, Unavailable};

use self::asker::Asker;
use self::flavour::{Flavour, Root};
use self::settings::Settings;
pub use self::settings::{BadOption, OPTIONS, SECRETS};
use self::stamps::Clock;
use self::wire::{Bound, Wire};

/// The people of one directory.
pub struct Ldap {
    /// The name of the backend, for the log.
    backend: String,
    settings: Settings,
    wire: Wire,
    /// The attributes that somebody asks for.
    wanted: Vec<String>,
    /// Whether each of them is missed where nobody has it.
    expected: bool,
    /// What the directory said of itself.
    root: OnceLock<Root>,
    clock: Clock,
}

impl Ldap {
    /// Reads options, whose names have been compared with [`OPTIONS`] already, and the files that
    /// they name. Asks no host.
    pub fn open(
        backend: &str,
        options: &Map<String, Value>,
        attributes: Vec<String>,
    ) -> Result<Self, BadOption> {
        let settings = Settings::parse(options)?;
        if let Some(subject) = &settings.people.subject {
            subject::check(subject)?;
        }
        if let Some(secret) = attributes.iter().find(|name| entry::is_secret(name)) {
            return Err(BadOption::new(
                "claims",
                format!("must not be made of `{secret}`, which holds passwords; leave it out"),
            ));
        }
        let wire = Wire::open(&settings, backend)?;
        let (backend, root, clock) = (backend.to_owned(), OnceLock::new(), Clock::system());
        Ok(Self { backend, settings, wire, wanted: attributes, expected: true, root, clock })
    }

    /// The attributes are no more than a guess, from the names of claims: rehearsals miss none.
    #[must_use]
    pub fn with_guessed_attributes(self) -> Self {
        Self { expected: false, ..self }
    }

    /// What the directory says of itself, to the service account or to everybody.
    async fn root(&self) -> Result<Root, Unavailable> {
        self.root_by(&mut Asker::Service(&self.wire)).await
    }

    /// The same where somebody has bound: without a service account they may be the first who is told.
    async fn root_beside(&self, bound: &mut Bound) -> Result<Root, Unavailable> {
        if self.settings.service.is_none() && bound.answer.code == 0 {
            let told = self.root_by(&mut Asker::Person(bound)).await;
            if let Some(root) = told.ok().filter(|root| !root.is_blank()) {
                return Ok(root);
            }
        }
        self.root().await
    }

    /// Asked until there is an answer that says something.
    async fn root_by(&self, asker: &mut Asker<'_>) -> Result<Root, Unavailable> {
        if let Some(root) = self.root.get() {
            return Ok(root.clone());
        }
        let root = Root::read(asker).await?;
        if root.is_blank() {
            return Ok(root);
        }
        Ok(self.root.get_or_init(|| root).clone())
    }

    /// Active Directory takes a new password over an encrypted connection only.
    fn may_change_passwords(&self) -> bool {
        let is_active_directory =
            self.root.get().is_some_and(|root| root.flavour == Flavour::ActiveDirectory);
        self.settings.people.password_change && (self.wire.is_encrypted() || !is_active_directory)
    }
}

#[async_trait]
impl Backend for Ldap {
    fn login(&self) -> Login<'_> {
        Login::Password(self)
    }

    /// Somebody must be allowed to search where nobody logs in.
    fn directory(&self) -> Option<&dyn Directory> {
        let searches = self.settings.people.bind_as.is_none() || self.settings.service.is_some();
        if searches { Some(self) } else { None }
    }

    fn password_change(&self) -> Option<&dyn PasswordChange> {
        if self.may_change_passwords() { Some(self) } else { None }
    }

    fn rehearsal(&self) -> Option<&dyn Rehearsal> {
        Some(self)
    }

    fn tells_unknown(&self) -> bool {
        self.settings.people.bind_as.is_none()
    }

    fn hosts(&self) -> Vec<Host> {
        self.wire.hosts()
    }

    async fn health(&self) -> Result<(), Unavailable> {
        self.wire.health().await
    }
}
