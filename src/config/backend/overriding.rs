//! Environment variables over the options of a backend: `VESTIBULE_BACKEND__STAFF__BIND_PASSWORD`.
//!
//! What an option of a plugin is made of, only the plugin knows. So the text of a variable is
//! understood as the file has the option: a list takes commas between its items, text stays text.

use std::collections::BTreeMap;

use super::{OPTIONS, variable_part};
use crate::config::document::Found;
use crate::config::problem::{Place, Problem};
use crate::config::reader::Reader;
use crate::config::value::Kind;

/// Sets an option of a backend from a variable: `path` is `staff.patience` or `staff.claims.email`.
pub(in crate::config) fn overridden(reader: &mut Reader, variable: &str, path: &str, text: &str) {
    let place = Place::Environment(variable.to_owned());
    let (name, path) = path.split_once('.').unwrap_or((path, ""));
    let table = reader.backends.iter_mut().map(|(_, table)| table).find(|table| {
        let known = table.get("name").and_then(|found| found.value.as_str());
        known.is_some_and(|known| variable_part(known) == name)
    });
    let (Some(table), false) = (table, path.is_empty()) else {
        let sentence = format!("there is no [[backend]] with the name {name} in the file");
        reader.problems.push(Problem { place, sentence });
        return;
    };
    if let Some((key, inner)) = path.split_once('.') {
        let empty = Found { value: toml::Value::Table(toml::Table::new()), place };
        let found = table.entry(key.to_owned()).or_insert(empty);
        if let Some(members) = found.value.as_table_mut() {
            let value = literal(text);
            members.insert(inner.to_owned(), value);
        }
        return;
    }
    match understood(path, table.get(path).map(|found| &found.value), text) {
        Ok(value) => {
            displace(table, path);
            table.insert(path.to_owned(), Found { value, place });
        }
        Err(wrong) => {
            reader.problems.push(Problem { place, sentence: format!("backend.{path} {wrong}") });
        }
    }
}

/// What the text of a variable stands for.
fn understood(key: &str, in_file: Option<&toml::Value>, text: &str) -> Result<toml::Value, String> {
    if let Some(ours) = OPTIONS.iter().find(|option| option.key == key) {
        return ours.kind.understand(text);
    }
    // A password may look like a number or a list, and stays what it is letter for letter.
    if key.ends_with("password") || key.ends_with("_file") {
        return Kind::Secret.understand(text);
    }
    let is_array = text.trim_start().starts_with('[');
    match in_file {
        Some(toml::Value::Array(_)) => Kind::List.understand(text),
        Some(toml::Value::String(_)) if !is_array => Kind::Text.understand(text),
        _ => Ok(literal(text)),
    }
}

/// A TOML value if it looks like one, otherwise text.
fn literal(text: &str) -> toml::Value {
    text.trim().parse().unwrap_or_else(|_| toml::Value::String(text.to_owned()))
}

/// A secret of the environment takes the place of the file's, whether either is itself or names a file.
fn displace(table: &mut BTreeMap<String, Found>, key: &str) {
    let other = key.strip_suffix("_file").map_or_else(|| format!("{key}_file"), str::to_owned);
    if table.get(&other).is_some_and(|found| matches!(found.place, Place::File { .. })) {
        table.remove(&other);
    }
}
