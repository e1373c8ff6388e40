//! A connection on which a person has bound: more can be asked as them.

use std::time::Duration;

use ldap3::exop::PasswordModify;
use ldap3::{Ldap, Mod, SearchEntry};
use vestibule_plugin::Unavailable;

use super::question::{self, Answer, Search};

/// The answer to a bind, and the connection on which it was made.
pub(crate) struct Bound {
    pub(crate) answer: Answer,
    pub(super) ldap: Ldap,
    pub(super) patience: Duration,
}

impl Bound {
    /// As the person.
    pub(crate) async fn search(
        &mut self,
        search: &Search<'_>,
    ) -> Result<Vec<SearchEntry>, Unavailable> {
        question::search(&mut self.ldap, search, self.patience).await
    }

    /// As the person: RFC 3062.
    pub(crate) async fn password_modify(
        &mut self,
        exop: PasswordModify<'_>,
    ) -> Result<Answer, Unavailable> {
        question::password_modify(&mut self.ldap, exop, self.patience).await
    }

    /// As the person.
    pub(crate) async fn modify(
        &mut self,
        dn: &str,
        changes: Vec<Mod<Vec<u8>>>,
    ) -> Result<Answer, Unavailable> {
        question::modify(&mut self.ldap, dn, changes, self.patience).await
    }
}
