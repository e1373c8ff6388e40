//! People in an existing table or view: the backend of type `sql`.
//!
//! A query finds the person of a name, its columns say the rest. Nothing is ever put into the text of
//! a query: values are bound, and the query as configured is all that is sent. Which names are the
//! same, the query decides; the host hands them over in lower case.
//!
//! *Why a date is no state*: whether it is past depends on a clock, which the database has, and on a
//! time zone, which only the query can know: our sessions count in UTC, wherever the server stands. A
//! column with its zone is compared as it is (`expires_at < CURRENT_TIMESTAMP AS expired`), and one of
//! local times is turned into UTC before.

mod calendar;
mod cell;
mod change;
mod database;
mod dialect;
mod everybody;
mod fault;
mod guard;
mod login;
mod mysql;
mod numeric;
mod parameters;
mod person;
mod place;
mod plan;
mod postgres;
mod query;
mod rehearsal;
mod sample;
mod scan;
mod settings;
mod sqlite;
mod statement;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Map, Value};
use tracing::warn;
use vestibule_plugin::{
    Attributes, Backend, Directory, Host, Identity, Login, Password, PasswordChange, Rehearsal,
    Subject, Unavailable, Username,
};

use crate::BadOption;
use crate::hash::{Stored, Unusable, Verdict};
use cell::Row;
use database::{Database, Values};
use person::Person;
use query::{Placeholder, Query};
use settings::Settings;

pub use settings::{OPTIONS, SECRETS};

/// The attribute that the rows of `groups_query` become.
const GROUPS: &str = "groups";

/// So many groups are read of one person; more are an error, lest some be missing unnoticed.
const MOST_GROUPS: usize = 10_000;

/// The people of a table, as queries find them.
pub struct Tables {
    database: Database,
    settings: Settings,
    /// What the last hash looked like: names that nobody has cost as much.
    usual: Mutex<Option<Arc<Stored>>>,
    /// Whether an attribute that is asked for is missed where no column has it.
    expected: bool,
}

impl Tables {
    /// `wanted` are the attributes that somebody asks for. Reads `url_file` and does no other I/O.
    pub fn open(options: &Map<String, Value>, wanted: Vec<String>) -> Result<Self, BadOption> {
        let settings = Settings::parse(options, wanted)?;
        if settings.place.is_exposed() {
            let place = settings.place.name();
            warn!(%place, "the database's certificate is not checked: whoever is on the way reads hashes");
        }
        let database = Database::new(settings.place.clone(), settings.connections);
        Ok(Self { database, settings, usual: Mutex::default(), expected: true })
    }

    /// The attributes are no more than a guess, from the names of claims: rehearsals miss none.
    #[must_use]
    pub fn with_guessed_attributes(self) -> Self {
        Self { expected: false, ..self }
    }

    /// The row of a person. Two of them are the operator's to sort out, and never a guess.
    async fn one(
        &self,
        database: &Database,
        query: &Query,
        values: Values<'_>,
    ) -> Result<Option<Row>, Unavailable> {
        let mut rows = database.rows(query, values, 2).await?;
        if rows.len() > 1 {
            let option = query.option;
            return Err(Unavailable::because(format!(
                "`{option}` found two rows for one person; it must find one or none"
            )));
        }
        Ok(rows.pop())
    }

    fn person(&self, row: &Row) -> Result<Person, Unavailable> {
        let own = self.settings.queries.groups.is_some().then_some(GROUPS);
        Person::read(row, &self.settings.columns, own)
    }

    /// The person with their groups.
    async fn identity(
        &self,
        database: &Database,
        person: &Person,
        username: Option<&Username>,
    ) -> Result<Identity, Unavailable> {
        let mut attributes = person.attributes.clone();
        self.add_groups(database, &mut attributes, &person.subject, username).await?;
        Ok(Identity::new(person.subject.clone(), attributes))
    }

    async fn add_groups(
        &self,
        database: &Database,
        attributes: &mut Attributes,
        subject: &Subject,
        username: Option<&Username>,
    ) -> Result<(), Unavailable> {
        let wanted = self.settings.columns.wanted.iter().any(|name| name == GROUPS);
        let Some(query) = self.settings.queries.groups.as_ref().filter(|_| wanted) else {
            return Ok(());
        };
        let username = username.map_or("", Username::as_str);
        let values = [(Placeholder::Subject, subject.as_str()), (Placeholder::Username, username)];
        let rows = database.rows(query, &values, MOST_GROUPS + 1).await?;
        if rows.len() > MOST_GROUPS {
            return Err(Unavailable::because(format!(
                "`groups_query` found more than {MOST_GROUPS} groups of one person"
            )));
        }
        for Row(cells) in &rows {
            let Some((column, cell)) = cells.first() else { continue };
            for group in cell.values(column)? {
                attributes.add(GROUPS, group);
            }
        }
        Ok(())
    }

    /// A stored hash, if it is one that is accepted.
    fn recognise(&self, text: &str) -> Result<Arc<Stored>, Unusable> {
        let stored = Stored::recognise(text)?;
        if stored.is_weak() && !self.settings.allow_weak_hashes {
            return Err(Unusable::Weak(stored.scheme));
        }
        Ok(Arc::new(stored))
    }

    /// Compares a password with a stored hash; whoever has none has no password that is right.
    async fn verify(
        &self,
        password: &Password,
        subject: &Subject,
        hash: Option<&str>,
    ) -> Result<Verdict, Unavailable> {
        let Some(hash) = hash else {
            self.waste(password).await?;
            return Ok(Verdict::Wrong);
        };
        let stored = self
            .recognise(hash)
            .map_err(|why| Unavailable::because(format!("of the person {subject}: {why}")))?;
        let verdict = self.settings.hasher.compare(password, &stored, self.settings.beyond).await;
        *self.usual.lock().unwrap_or_else(PoisonError::into_inner) = Some(stored);
        verdict
    }

    /// Takes as long as a verification, lest the time tell that nobody has a name.
    async fn waste(&self, password: &Password) -> Result<(), Unavailable> {
        let usual = self.usual.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match usual {
            Some(usual) => {
                let compared =
                    self.settings.hasher.compare(password, &usual, self.settings.beyond).await;
                compared.map(|_| ())
            }
            None => self.settings.hasher.waste(password).await,
        }
    }
}

#[async_trait]
impl Backend for Tables {
    fn login(&self) -> Login<'_> {
        Login::Password(self)
    }

    fn directory(&self) -> Option<&dyn Directory> {
        self.settings.queries.lookup.as_ref().map(|_| self as &dyn Directory)
    }

    fn password_change(&self) -> Option<&dyn PasswordChange> {
        self.settings.queries.change.as_ref().map(|_| self as &dyn PasswordChange)
    }

    fn rehearsal(&self) -> Option<&dyn Rehearsal> {
        Some(self)
    }

    fn hosts(&self) -> Vec<Host> {
        vec![self.database.host()]
    }

    async fn health(&self) -> Result<(), Unavailable> {
        Ok(self.database.ping().await?)
    }
}

#[cfg(test)]
mod tests;
