//! Takes the options, one after the other, out of what the file and the environment hold.

use std::collections::BTreeMap;
use std::path::Path;

use super::document::Found;
use super::option::{Default, Described};
use super::problem::{Place, Problem};
use super::value::{Kind, Value};

/// What was found, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Every option that there is, the `_file` forms of secrets included.
    known: BTreeMap<String, Kind>,
    found: BTreeMap<String, Found>,
    /// Where each option was given, for what is found out later.
    places: BTreeMap<String, Place>,
    pub(super) backends: Vec<(Place, BTreeMap<String, Found>)>,
    pub(super) problems: Vec<Problem>,
}

/// The one of `known` that was most probably meant.
pub(super) fn nearest(name: &str, known: impl IntoIterator<Item = String>) -> Option<String> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, &known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

impl Reader {
    pub(super) fn new<'a>(options: impl IntoIterator<Item = &'a Described>) -> Self {
        let mut known = BTreeMap::new();
        for option in options {
            known.insert(option.name(), option.kind);
            if option.kind == Kind::Secret {
                known.insert(format!("{}_file", option.name()), Kind::Text);
            }
        }
        Self { known, ..Self::default() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.known.get(name).copied()
    }

    /// Notes a value. One of the environment also displaces the other form (itself or in a file)
    /// of a secret.
    pub(super) fn put(&mut self, name: &str, value: toml::Value, place: Place) {
        if !self.known.contains_key(name) {
            let near = nearest(name, self.names().map(str::to_owned));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            self.refuse(place, format!("{name} is not an option{near}"));
            return;
        }
        if matches!(place, Place::Environment(_)) {
            let other =
                name.strip_suffix("_file").map_or_else(|| format!("{name}_file"), str::to_owned);
            if self.found.get(&other).is_some_and(|found| matches!(found.place, Place::File { .. }))
            {
                self.found.remove(&other);
            }
        }
        self.found.insert(name.to_owned(), Found { value, place });
    }

    /// Reads an option; nothing, if there is something wrong with it, which is then noted.
    pub(super) fn take<T: Value>(&mut self, option: &Described) -> Option<T> {
        let name = option.name();
        let found = match option.kind {
            Kind::Secret => self.secret(&name)?,
            _ => self.found.remove(&name),
        };
        let found = match (found, option.default) {
            (Some(found), _) => found,
            (None, Default::Toml(text)) => {
                Found { value: option_default(text), place: Place::Nowhere }
            }
            (None, Default::Absent) => return T::absent(),
            (None, Default::Required) => {
                let (section, key) = (option.section, option.key);
                let or_file = if option.kind == Kind::Secret {
                    format!(" (or {key}_file)")
                } else {
                    String::new()
                };
                self.refuse(
                    Place::Nowhere,
                    format!(
                        "{name} is missing; set {key}{or_file} in [{section}], or {}",
                        option.variable()
                    ),
                );
                return None;
            }
        };
        let value = T::read(&found.value);
        self.places.insert(name.clone(), found.place.clone());
        value.map_err(|wrong| self.refuse(found.place, format!("{name} {wrong}"))).ok()
    }

    /// A secret as it was given or as its file holds it.
    fn secret(&mut self, name: &str) -> Option<Option<Found>> {
        let file = format!("{name}_file");
        let (given, in_file) = (self.found.remove(name), self.found.remove(&file));
        let Some(Found { value, place }) = in_file else { return Some(given) };
        if given.is_some() {
            self.refuse(place, format!("{name} and {file} are both given; keep one"));
            return None;
        }
        let Some(path) = value.as_str() else {
            self.refuse(place, format!("{file} must be text in quotation marks"));
            return None;
        };
        match std::fs::read_to_string(Path::new(path)) {
            Ok(text) => {
                let value = toml::Value::String(text.trim_end_matches(['\r', '\n']).to_owned());
                Some(Some(Found { value, place }))
            }
            Err(error) => {
                self.refuse(place, format!("{file} names {path}, which cannot be read: {error}"));
                None
            }
        }
    }

    /// Notes what is wrong with an option that could be read.
    pub(super) fn object(&mut self, name: &str, wrong: &str) {
        let place = self.places.get(name).cloned().unwrap_or(Place::Nowhere);
        self.refuse(place, format!("{name} {wrong}"));
    }

    pub(super) fn refuse(&mut self, place: Place, sentence: String) {
        self.problems.push(Problem { place, sentence });
    }
}

/// The built-in default as a value: TOML where it is TOML, and a test sees to it that it is.
fn option_default(text: &str) -> toml::Value {
    text.parse().unwrap_or_else(|_| toml::Value::String(text.to_owned()))
}
