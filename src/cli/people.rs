//! The people of a backend of type `database`, opened for whoever administers them.

use vestibule_database::{Hasher, People, Settings};

use super::failure::Failure;
use super::site::Site;
use crate::config::Backend;

/// The backend of that name; without a name, the first of its type.
pub(super) fn backend<'a>(site: &'a Site, name: Option<&str>) -> Result<&'a Backend, Failure> {
    let ours = |backend: &&Backend| backend.r#type == "database";
    let mut backends = site.config.backend.iter().filter(ours);
    match name {
        None => backends.next().ok_or_else(|| {
            Failure::new("no [[backend]] has the type \"database\"; people are administered where they are kept")
        }),
        Some(name) => backends.find(|backend| backend.name == name).ok_or_else(|| {
            Failure::new(format!("no [[backend]] of type \"database\" has the name {name}"))
        }),
    }
}

/// Its people, hashed as it is configured.
pub(super) fn open(site: &Site, backend: &Backend) -> Result<People, Failure> {
    let serde_json::Value::Object(options) = serde_json::to_value(&backend.options)? else {
        return Err(Failure::new(format!("{}: its options are no table", backend.place)));
    };
    let settings = Settings::parse(&options).map_err(|wrong| {
        Failure::new(format!("{}: backend {}: {wrong}", backend.place, backend.name))
    })?;
    let hasher = Hasher::new(settings.cost, settings.workers, settings.queue);
    let (read, write) =
        (site.storage.connection().clone(), site.storage.write_connection().clone());
    Ok(People::open(read, write, hasher, Vec::new()))
}
