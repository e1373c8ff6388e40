//! The people of our own table, for whoever administers them: `vestibule user`.

pub use super::registry::{NewPerson, People, PeopleFault, Person};
use super::{BackendSettings, Misconfigured, registry};
use crate::storage::Storage;

/// The table, with passwords hashed as the first backend of type `database` is configured.
pub fn open(backends: &[BackendSettings], storage: &Storage) -> Result<People, Misconfigured> {
    registry::people(backends, storage)
}
