//! Environment variables override the file: `VESTIBULE_SERVER__ISSUER` is `server.issuer`.
//!
//! A backend's option is `VESTIBULE_BACKEND__STAFF__PATIENCE`, with the backend's name in capitals
//! and `_` for whatever is neither letter nor digit. It is understood as the file has the option.
//!
//! *Why two underscores.* Option names contain single ones; and a Kubernetes service called
//! `vestibule` puts `VESTIBULE_SERVICE_HOST` and the like into every environment. So a variable is
//! ours, and must be known, when it has two in a row or when one was merely forgotten.

use super::backend;
use super::problem::{Place, Problem};
use super::reader::{Reader, nearest};

const PREFIX: &str = "VESTIBULE_";

/// The variable that overrides the option of this name.
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase().replace('.', "__"))
}

/// Puts the values of the variables in the place of those of the file.
pub(super) fn read(reader: &mut Reader, variables: impl IntoIterator<Item = (String, String)>) {
    for (variable, text) in variables {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let name = rest.to_lowercase().replace("__", ".");
        if let Some(path) = name.strip_prefix("backend.") {
            backend::overridden(reader, &variable, path, &text);
        } else if let Some(kind) = reader.kind(&name) {
            let place = Place::Environment(variable);
            match kind.understand(&text) {
                Ok(value) => reader.put(&name, value, place),
                Err(wrong) => {
                    reader.problems.push(Problem { place, sentence: format!("{name} {wrong}") });
                }
            }
        } else if rest.contains("__") || forgotten_underscore(reader, rest) {
            let near = nearest(&name, reader.names().map(str::to_owned));
            let near = near.map(|name| format!("; did you mean {}?", self::variable(&name)));
            reader.problems.push(Problem {
                place: Place::Environment(variable),
                sentence: format!("this is no option of ours{}", near.unwrap_or_default()),
            });
        }
    }
}

/// The same for the backends alone.
pub(super) fn read_backends(
    reader: &mut Reader,
    variables: impl IntoIterator<Item = (String, String)>,
) {
    let ours = |(variable, _): &(String, String)| {
        variable
            .strip_prefix(PREFIX)
            .is_some_and(|rest| rest.to_lowercase().starts_with("backend__"))
    };
    read(reader, variables.into_iter().filter(ours));
}

fn forgotten_underscore(reader: &Reader, rest: &str) -> bool {
    let name = rest.to_lowercase();
    reader.names().any(|known| known.replace('.', "_") == name)
}
