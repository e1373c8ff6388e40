//! The TOML file as values that know their line and column.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::{Place, Problem, Problems};

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) value: toml::Value,
    pub(super) place: Place,
}

/// A file, cut into what `Config` is read from.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// `section.key` and its value, in the order of the file.
    pub(super) options: Vec<(String, Found)>,
    /// The tables `[[backend]]`.
    pub(super) backends: Vec<(Place, BTreeMap<String, Found>)>,
    /// What stands where no option can stand.
    pub(super) problems: Vec<Problem>,
}

/// Counts lines and columns.
struct Text<'a> {
    path: &'a str,
    text: &'a str,
}

impl Text<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl Document {
    /// Reads the text of a file. `path` is only for the messages.
    pub(super) fn parse(path: &str, text: &str) -> Result<Self, Problems> {
        let at = Text { path, text };
        let root = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            Problems::one(
                at.place(offset),
                format!("this is not TOML: {}", error.message().replace('\n', "; ")),
            )
        })?;
        let mut document = Self::default();
        for (name, value) in root.into_inner() {
            let place = at.place(name.span().start);
            let name = name.into_inner().into_owned();
            match value.into_inner() {
                DeValue::Array(tables) if name == "backend" => {
                    for table in tables {
                        document.backend(&at, table);
                    }
                }
                DeValue::Table(table) if name != "backend" => {
                    let found = entries(&at, table).into_iter();
                    document.options.extend(found.map(|(key, found)| (format!("{name}.{key}"), found)));
                }
                _ if name == "backend" => {
                    document.refuse(place, "backend must be written [[backend]], once for each");
                }
                _ => document.refuse(
                    place,
                    format!("{name} stands outside of a section, such as [server], where no option can stand"),
                ),
            }
        }
        Ok(document)
    }

    fn backend(&mut self, at: &Text<'_>, value: Spanned<DeValue<'_>>) {
        let place = at.place(value.span().start);
        match value.into_inner() {
            DeValue::Table(table) => {
                self.backends.push((place, entries(at, table).into_iter().collect()));
            }
            _ => self.refuse(place, "backend must be written [[backend]], once for each"),
        }
    }

    fn refuse(&mut self, place: Place, sentence: impl Into<String>) {
        self.problems.push(Problem { place, sentence: sentence.into() });
    }
}

fn entries(at: &Text<'_>, table: DeTable<'_>) -> Vec<(String, Found)> {
    table
        .into_iter()
        .filter_map(|(key, value)| {
            let place = at.place(key.span().start);
            let value = toml::Value::deserialize(ValueDeserializer::from(value)).ok()?;
            Some((key.into_inner().into_owned(), Found { value, place }))
        })
        .collect()
}
