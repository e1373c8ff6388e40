//! A connection on which a person has bound: more can be asked as them.

use std::sync::Arc;

use ldap3::exop::PasswordModify;
use ldap3::{Mod, SearchEntry};
use vestibule_plugin::{Password, Unavailable};

use super::answer::Answer;
use super::machine::Machine;
use super::pool::Lease;
use super::question::{Bind, Modify, Sample, Search};

/// The answer to a bind, and the connection on which it was made. The connection is kept for others
/// when this is dropped.
pub(crate) struct Bound {
    pub(crate) answer: Answer,
    pub(super) lease: Lease,
    pub(super) machine: Arc<Machine>,
}

impl Bound {
    /// As the person.
    pub(crate) async fn search(
        &mut self,
        search: &Search<'_>,
    ) -> Result<Vec<SearchEntry>, Unavailable> {
        Ok(self.machine.ask_on(&mut self.lease, search).await?)
    }

    /// As the person: no more than the first that are found. The connection ends with it.
    pub(crate) async fn sample(
        mut self,
        search: Search<'_>,
    ) -> Result<Vec<SearchEntry>, Unavailable> {
        Ok(self.machine.ask_on(&mut self.lease, &Sample(search)).await?)
    }

    /// As the person: RFC 3062.
    pub(crate) async fn password_modify(
        &mut self,
        change: PasswordModify<'_>,
    ) -> Result<Answer, Unavailable> {
        Ok(self.machine.ask_on(&mut self.lease, &change).await?)
    }

    /// As the person.
    pub(crate) async fn modify(
        &mut self,
        dn: &str,
        changes: Vec<Mod<Vec<u8>>>,
    ) -> Result<Answer, Unavailable> {
        Ok(self.machine.ask_on(&mut self.lease, &Modify { dn, changes: &changes }).await?)
    }

    /// As somebody else from now on: for a rehearsal.
    pub(crate) async fn bind(
        &mut self,
        dn: &str,
        password: &Password,
    ) -> Result<&Answer, Unavailable> {
        self.answer = self.machine.ask_on(&mut self.lease, &Bind { dn, password }).await?;
        Ok(&self.answer)
    }
}
