//! Who asks the directory: the service account, or a person on the connection on which they bound.

use vestibule_plugin::Unavailable;

use crate::entry::Entry;
use crate::wire::{Bound, Search, Wire};

pub(crate) enum Asker<'a> {
    /// The service account, or nobody: anonymously.
    Service(&'a Wire),
    Person(&'a mut Bound),
}

impl Asker<'_> {
    pub(crate) async fn search(&mut self, search: &Search<'_>) -> Result<Vec<Entry>, Unavailable> {
        let found = match self {
            Self::Service(wire) => wire.search(search).await?,
            Self::Person(bound) => bound.search(search).await?,
        };
        Ok(found.into_iter().map(Entry::from).collect())
    }
}
