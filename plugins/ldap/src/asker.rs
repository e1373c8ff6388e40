//! Who asks the directory: the service account, or a person on the connection on which they bound.

use ldap3::Mod;
use ldap3::exop::PasswordModify;
use vestibule_plugin::Unavailable;

use crate::entry::Entry;
use crate::wire::{Answer, Bound, Search, Wire};

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

    /// RFC 3062. Never asked twice.
    pub(crate) async fn password_modify(
        &mut self,
        change: PasswordModify<'_>,
    ) -> Result<Answer, Unavailable> {
        match self {
            Self::Service(wire) => wire.password_modify(change).await,
            Self::Person(bound) => bound.password_modify(change).await,
        }
    }

    /// Never asked twice.
    pub(crate) async fn modify(
        &mut self,
        dn: &str,
        changes: Vec<Mod<Vec<u8>>>,
    ) -> Result<Answer, Unavailable> {
        match self {
            Self::Service(wire) => wire.modify(dn, changes).await,
            Self::Person(bound) => bound.modify(dn, changes).await,
        }
    }
}
