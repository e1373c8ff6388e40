//! The people of our own table, for whoever administers them: `vestibule user`.

use serde_json::{Map, Value};

pub use super::registry::{NewPerson, People, PeopleFault, Person};
use super::{Misconfigured, registry};
use crate::storage::Storage;

/// The people that a backend of type `database` keeps; passwords are hashed as its options say.
pub fn open(
    backend: &str,
    options: &Map<String, Value>,
    storage: &Storage,
) -> Result<People, Misconfigured> {
    registry::people(backend, options, storage)
}
