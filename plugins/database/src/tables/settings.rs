//! The options of a backend of type `sql`.

use serde_json::{Map, Value};

use super::dialect::Dialect;
use super::place::Place;
use super::query::{Form, Placeholder, Query, column as column_of};
use crate::BadOption;
use crate::hash::{Beyond, Hasher, Settings as Hashing};

/// Every option there is.
pub const OPTIONS: &[&str] = &[
    "url",
    "url_file",
    "connections",
    "query",
    "lookup_query",
    "groups_query",
    "sample_query",
    "write_query",
    "password_write",
    "subject",
    "password",
    "disabled",
    "locked",
    "expired",
    "must_change",
    "allow_weak_hashes",
    "bcrypt_long",
    "hash_memory",
    "hash_passes",
    "hash_lanes",
    "hash_workers",
    "hash_queue",
];

/// Options that hold a secret.
pub const SECRETS: &[&str] = &["url", "url_file"];

const READ: &[&str] = &["SELECT", "WITH"];

/// A table as it was configured.
pub(super) struct Settings {
    pub(super) place: Place,
    /// `connections`: at most so many at the same time.
    pub(super) connections: u32,
    pub(super) queries: Queries,
    pub(super) columns: Columns,
    /// `allow_weak_hashes`: whether MD5-crypt, phpass, MD5 and digests without a salt are accepted.
    pub(super) allow_weak_hashes: bool,
    /// `bcrypt_long`: what becomes of passwords of more than 72 bytes.
    pub(super) beyond: Beyond,
    pub(super) hasher: Hasher,
}

/// Every statement that is ever sent.
pub(super) struct Queries {
    /// `query`: the person of a login name.
    pub(super) person: Query,
    /// `lookup_query`: the person of a subject.
    pub(super) lookup: Option<Query>,
    /// `groups_query`: their groups, one for each row, in the first column.
    pub(super) groups: Option<Query>,
    /// `sample_query`: anybody, to try things with.
    pub(super) sample: Option<Query>,
    /// `write_query`: puts a better hash in the place of the one that was verified.
    pub(super) upgrade: Option<Query>,
    /// `password_write`: puts the hash of a new password there.
    pub(super) change: Option<Query>,
}

/// What the columns of the queries mean.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) subject: String,
    pub(super) password: String,
    pub(super) disabled: Option<String>,
    pub(super) locked: Option<String>,
    pub(super) expired: Option<String>,
    pub(super) must_change: Option<String>,
    /// The attributes that are told of a person.
    pub(super) wanted: Vec<String>,
}

impl Settings {
    /// Reads the options; their names have been compared with [`OPTIONS`] already.
    pub(super) fn parse(
        options: &Map<String, Value>,
        wanted: Vec<String>,
    ) -> Result<Self, BadOption> {
        let (option, url) = url(options)?;
        let writes = ["write_query", "password_write"].iter().any(|one| options.contains_key(*one));
        let place = Place::parse(option, &url, writes)?;
        let columns = Columns::parse(options, wanted)?;
        let queries = Queries::parse(options, place.dialect())?;
        let compared = queries.person.compared.as_deref().map(column_of);
        if compared.is_some_and(|name| name.eq_ignore_ascii_case(&columns.subject)) {
            let problem = "is the login name; it must be a key that never changes and is never given \
                           to somebody else";
            return Err(BadOption::new("subject", problem));
        }
        Ok(Self {
            place,
            connections: connections(options)?,
            queries,
            columns,
            allow_weak_hashes: truth(options, "allow_weak_hashes")?,
            beyond: beyond(options)?,
            hasher: Hashing::parse(options)?.into(),
        })
    }
}

impl Queries {
    fn parse(options: &Map<String, Value>, dialect: Dialect) -> Result<Self, BadOption> {
        use Placeholder::{Hash, OldHash, Subject, Username};

        let query = |option, begins, needs: &'static [Placeholder], needs_one| {
            let guards: &[_] = if needs.contains(&OldHash) { &[Subject, OldHash] } else { &[] };
            let form = Form { option, begins, needs, guards, needs_one };
            let text = text(options, option)?;
            text.map(|text| Query::parse(&text, dialect, &form)).transpose()
        };
        let written: &[Placeholder] = &[Hash, Subject, OldHash];
        let missing =
            || BadOption::new("query", "is missing; it is a SELECT with `:username` in it");
        let queries = Self {
            person: query("query", READ, &[Username], &[])?.ok_or_else(missing)?,
            lookup: query("lookup_query", READ, &[Subject], &[])?,
            groups: query("groups_query", READ, &[], &[Subject, Username])?,
            sample: query("sample_query", READ, &[], &[])?,
            upgrade: query("write_query", &["UPDATE"], written, &[])?,
            change: query("password_write", &["UPDATE"], written, &[])?,
        };
        let by_name = queries.groups.as_ref().is_some_and(|groups| groups.has(Username));
        if by_name && queries.lookup.is_some() {
            let problem = "must use `:subject`, not `:username`: a look-up knows no name";
            return Err(BadOption::new("groups_query", problem));
        }
        Ok(queries)
    }
}

impl Columns {
    fn parse(options: &Map<String, Value>, wanted: Vec<String>) -> Result<Self, BadOption> {
        let column = |option| column(options, option);
        let columns = Self {
            subject: column("subject")?.unwrap_or_else(|| "id".to_owned()),
            password: column("password")?.unwrap_or_else(|| "password_hash".to_owned()),
            disabled: column("disabled")?,
            locked: column("locked")?,
            expired: column("expired")?,
            must_change: column("must_change")?,
            wanted,
        };
        if columns.subject.eq_ignore_ascii_case(&columns.password) {
            return Err(BadOption::new("subject", "must not be the column of the password"));
        }
        if columns.wanted.iter().any(|name| name.eq_ignore_ascii_case(&columns.password)) {
            let problem =
                "is the column of the hash, and a claim is made of it; take it out of `claims`";
            return Err(BadOption::new("password", problem));
        }
        Ok(columns)
    }
}

fn url(options: &Map<String, Value>) -> Result<(&'static str, String), BadOption> {
    match (text(options, "url")?, text(options, "url_file")?) {
        (Some(url), None) => Ok(("url", url)),
        (None, Some(file)) => {
            let read = std::fs::read_to_string(&file).map_err(|cause| {
                BadOption::new("url_file", format!("cannot be read: {file}: {}", cause.kind()))
            })?;
            Ok(("url_file", read.trim().to_owned()))
        }
        (Some(_), Some(_)) => {
            Err(BadOption::new("url_file", "and `url` are both there; leave one of them out"))
        }
        (None, None) => Err(BadOption::new("url", "is missing; it says where the database is")),
    }
}

fn connections(options: &Map<String, Value>) -> Result<u32, BadOption> {
    const DEFAULT: u32 = 8;
    const MOST: u32 = 1000;

    let Some(value) = options.get("connections") else { return Ok(DEFAULT) };
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (1..=MOST).contains(number))
        .ok_or_else(|| BadOption::out_of_bounds("connections", 1, MOST))
}

fn beyond(options: &Map<String, Value>) -> Result<Beyond, BadOption> {
    match text(options, "bcrypt_long")?.as_deref() {
        None | Some("refuse") => Ok(Beyond::Refuse),
        Some("truncate") => Ok(Beyond::Truncate),
        Some(_) => Err(BadOption::new("bcrypt_long", "must be \"refuse\" or \"truncate\"")),
    }
}

fn truth(options: &Map<String, Value>, option: &'static str) -> Result<bool, BadOption> {
    let Some(value) = options.get(option) else { return Ok(false) };
    value.as_bool().ok_or_else(|| BadOption::new(option, "must be true or false"))
}

fn column(options: &Map<String, Value>, option: &'static str) -> Result<Option<String>, BadOption> {
    let name = text(options, option)?;
    let lawful = |letter: char| letter.is_alphanumeric() || "_$# -".contains(letter);
    match name {
        Some(name) if !name.chars().all(lawful) => {
            let problem = "must be the name of a column of the query; give an expression a name in the \
                           query, with AS";
            Err(BadOption::new(option, problem))
        }
        name => Ok(name),
    }
}

fn text(options: &Map<String, Value>, option: &'static str) -> Result<Option<String>, BadOption> {
    let Some(value) = options.get(option) else { return Ok(None) };
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| Some(text.to_owned()))
        .ok_or_else(|| BadOption::new(option, "must be a text, and not empty"))
}

#[cfg(test)]
mod tests;
