//! The people of a backend of type `database`, opened for whoever administers them.

use vestibule_plugin::Username;

use super::failure::Failure;
use super::site::Site;
use crate::config::Backend;
use crate::identity::normalise;
use crate::identity::people::{self, People};
use crate::storage::{account, accounts};

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
    people::open(&backend.name, &options, &site.storage)
        .map_err(|wrong| Failure::new(format!("{}: {wrong}", backend.place)))
}

/// A user name as it was typed.
pub(super) fn named(typed: &str) -> Result<Username, Failure> {
    normalise(typed).map_err(|wrong| Failure::new(format!("user name {typed:?}: {wrong}")))
}

/// The account of someone of this backend, if they have logged in before.
pub(super) async fn account(
    site: &Site,
    backend: &Backend,
    username: &Username,
) -> Result<Option<account::Model>, Failure> {
    let person = open(site, backend)?.show(username).await?;
    Ok(accounts::find_by_subject(&site.storage, &backend.name, &person.id).await?)
}
