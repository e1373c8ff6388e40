//! `[[backend]]`: a place where people are known.
//!
//! The types are "database", "sql" and "ldap", as far as the build has their plugins. The options of a
//! type are its plugin's own: here they are only carried, with the place they were written at, and
//! `identity` refuses those that the plugin does not know. Some of them are secrets, so none is printed.

mod overriding;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::document::Found;
use super::option::{Default, Described};
use super::problem::Place;
use super::reader::Reader;
use super::value::{Kind, Value};

pub(super) use overriding::overridden;

/// One backend, in the order in which they are asked.
#[derive(Clone)]
pub struct Backend {
    /// Permanent: people are tied to it.
    pub name: String,
    /// Which plugin.
    pub r#type: String,
    /// Names that belong to this backend alone.
    pub usernames: Vec<String>,
    /// How long it may take to answer.
    pub patience: Duration,
    /// Wrong passwords for one name that it may hear of.
    pub attempts: Option<u32>,
    /// Claims and where they come from.
    pub claims: toml::Table,
    /// The options of the plugin.
    pub options: toml::Table,
    /// Where it was written, for messages.
    pub place: Place,
    /// Where each of its options was written.
    pub option_places: BTreeMap<String, Place>,
}

/// Without the values of its plugin's options.
impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("name", &self.name)
            .field("type", &self.r#type)
            .field("usernames", &self.usernames)
            .field("patience", &self.patience)
            .field("claims", &self.claims)
            .field("options", &self.options.keys().collect::<Vec<_>>())
            .field("place", &self.place)
            .finish()
    }
}

impl Backend {
    /// The place that a complaint is about: that of the option which it names first, or of the backend.
    pub fn place_of(&self, complaint: &str) -> &Place {
        self.option_places
            .iter()
            .filter_map(|(option, place)| Some((complaint.find(&format!("`{option}`"))?, place)))
            .min_by_key(|(position, _)| *position)
            .map_or(&self.place, |(_, place)| place)
    }
}

pub(super) const ABOUT: &str = "A place where people are known. Repeat for each; without any, people are kept in \
                                Vestibule's own database, as type \"database\" with the name \"people\" does.";

/// What every backend has; the rest is its plugin's.
pub(super) const OPTIONS: &[Described] = &[
    Described {
        section: "backend",
        key: "name",
        kind: Kind::Text,
        default: Default::Required,
        meaning: " Lower-case letters, digits and `-`. People are tied to it: it must never change.",
    },
    Described {
        section: "backend",
        key: "type",
        kind: Kind::Text,
        default: Default::Required,
        meaning: " Which plugin: \"database\" keeps people in Vestibule's own database, \"sql\" reads a table of yours, \
                  \"ldap\" asks a directory (LDAP, Active Directory).",
    },
    Described {
        section: "backend",
        key: "usernames",
        kind: Kind::List,
        default: Default::Toml("[]"),
        meaning: " Patterns such as \"*@corp.example\" of user names that belong to this backend alone.",
    },
    Described {
        section: "backend",
        key: "patience",
        kind: Kind::Text,
        default: Default::Toml(r#""10s""#),
        meaning: " Time within which the backend must answer.",
    },
    Described {
        section: "backend",
        key: "attempts",
        kind: Kind::Literal,
        default: Default::Absent,
        meaning: " Wrong passwords for one name, from all browsers together, before further tries must wait; half of them \
                  from browsers that are not known. Set it below the number at which the backend \
                  locks the account, and `login.window` no shorter than the time after which the backend forgets.",
    },
    Described {
        section: "backend",
        key: "claims",
        kind: Kind::Table,
        default: Default::Toml("{}"),
        meaning: " Claims and the attribute, template or constant each comes from; as a section `[backend.claims]`.",
    },
];

/// A directory, as comments behind the options of the section.
pub(super) const EXAMPLE: &str = r#"
# A directory, for example:
#
# [[backend]]
# name = "staff"
# type = "ldap"
# url = ["ldaps://dc1.example", "ldaps://dc2.example"]
# ca = "/etc/vestibule/directory-ca.pem"
# bind_dn = "cn=vestibule,ou=services,dc=example"
# bind_password_file = "/etc/vestibule/staff.password"
# base = "ou=people,dc=example"
# groups = "member-of"
# attempts = 4
#
# [backend.claims]
# name = "cn"
# email = "mail"
# groups = ["groups"]
#
# `vestibule backend try staff --user alice` shows step by step whether it works.
"#;

/// All backends; the built-in one, if none is configured.
pub(super) fn read(reader: &mut Reader) -> Vec<Backend> {
    let tables = std::mem::take(&mut reader.backends);
    if tables.is_empty() {
        return vec![Backend {
            name: "people".to_owned(),
            r#type: "database".to_owned(),
            usernames: Vec::new(),
            patience: Duration::from_secs(10),
            attempts: None,
            claims: toml::Table::new(),
            options: toml::Table::new(),
            place: Place::Nowhere,
            option_places: BTreeMap::new(),
        }];
    }
    let mut backends: Vec<Backend> = Vec::new();
    for (place, table) in tables {
        let Some(backend) = one(reader, place, table) else { continue };
        if backends.iter().any(|other| variable_part(&other.name) == variable_part(&backend.name)) {
            let sentence =
                format!("there are two backends called {}; a name must be unique", backend.name);
            reader.refuse(backend.place, sentence);
        } else {
            backends.push(backend);
        }
    }
    backends
}

fn one(reader: &mut Reader, place: Place, mut table: BTreeMap<String, Found>) -> Option<Backend> {
    let mut take = |key: &str| table.remove(key);
    let name = required(reader, &place, "name", take("name"));
    let kind = required(reader, &place, "type", take("type"));
    let usernames = optional(reader, "usernames", take("usernames"), Vec::new());
    let patience = optional(reader, "patience", take("patience"), Duration::from_secs(10));
    let attempts = match take("attempts") {
        Some(found) => attempts(reader, found).map(Some),
        None => Some(None),
    };
    let claims = optional(reader, "claims", take("claims"), toml::Table::new());
    let name = name?;
    let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(lawful) {
        reader.refuse(place, "backend.name must be lower-case letters, digits and -".to_owned());
        return None;
    }
    let option_places =
        table.iter().map(|(key, found)| (key.clone(), found.place.clone())).collect();
    let options = table.into_iter().map(|(key, found)| (key, found.value)).collect();
    Some(Backend {
        name,
        r#type: kind?,
        usernames: usernames?,
        patience: patience?,
        attempts: attempts?,
        claims: claims?,
        options,
        place,
        option_places,
    })
}

fn attempts(reader: &mut Reader, found: Found) -> Option<u32> {
    let place = found.place.clone();
    let attempts = optional(reader, "attempts", Some(found), 1)?;
    if attempts == 0 {
        let sentence = "backend.attempts must be at least 1, or nobody can log in";
        reader.refuse(place, sentence.to_owned());
        return None;
    }
    Some(attempts)
}

fn required(reader: &mut Reader, place: &Place, key: &str, found: Option<Found>) -> Option<String> {
    let Some(found) = found else {
        reader.refuse(place.clone(), format!("this backend has no {key}; give it one"));
        return None;
    };
    optional(reader, key, Some(found), String::new())
}

fn optional<T: Value>(
    reader: &mut Reader,
    key: &str,
    found: Option<Found>,
    otherwise: T,
) -> Option<T> {
    let Some(Found { value, place }) = found else { return Some(otherwise) };
    T::read(&value).map_err(|wrong| reader.refuse(place, format!("backend.{key} {wrong}"))).ok()
}

impl Value for toml::Table {
    const KIND: Kind = Kind::Table;

    fn read(value: &toml::Value) -> Result<Self, String> {
        value.as_table().cloned().ok_or_else(|| "must be a table".to_owned())
    }
}

/// The name as it stands in a variable, in lower case.
fn variable_part(name: &str) -> String {
    name.replace(|character: char| !character.is_ascii_alphanumeric(), "_").to_lowercase()
}
