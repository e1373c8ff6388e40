//! Everything that is asked of the directory goes through here: which host, over which connection,
//! how long, and who is asked next if there is no answer.
//!
//! ```text
//! Wire ─ Hosts ─ Machine ─┬ Pool ─ Connection ─ guard ─ network
//!                         └ Standing
//! ```
//!
//! Searches go on to the next host until one answers. A password is shown again only once, as a
//! directory counts the wrong ones. What changes something is asked once: it may have been done
//! although the answer was lost.

mod answer;
mod ber;
mod bound;
mod certificate;
mod connection;
mod failure;
mod guard;
mod hosts;
mod introduction;
mod labels;
mod machine;
mod names;
mod pool;
mod probe;
mod question;
mod sendings;
mod shapes;
mod standing;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;

use ldap3::exop::PasswordModify;
use ldap3::{Mod, SearchEntry};
use vestibule_plugin::{Host, Password, Unavailable};

pub(crate) use self::answer::Answer;
pub(crate) use self::bound::Bound;
use self::connection::Way;
use self::failure::Failure;
use self::hosts::Hosts;
use self::machine::{Kind, Machine};
use self::names::Names;
use self::pool::Lease;
use self::question::{Bind, Modify, Ping, Question, suspicion};
pub(crate) use self::question::{PASSWORD_POLICY, Search};
use self::sendings::Sendings;
use self::tls::Tls;
use crate::settings::{BadOption, Security, Settings};

/// The directory behind one backend.
#[derive(Clone)]
pub(crate) struct Wire {
    hosts: Arc<Hosts>,
}

impl Wire {
    /// Reads the files that are named, and asks nobody.
    pub(crate) fn open(settings: &Settings, backend: &str) -> Result<Self, BadOption> {
        let tls = match settings.security {
            Security::Plaintext => None,
            Security::Tls | Security::StartTls => Some(Tls::open(&settings.certificates)?),
        };
        let way = Way {
            names: Names::open(settings)?,
            security: settings.security,
            tls,
            patience: settings.connect_timeout,
        };
        Ok(Self { hosts: Arc::new(Hosts::open(way, settings, backend)?) })
    }

    /// As the service account, or anonymously. An entry that is not there is not found; a base below
    /// which is searched must be there.
    pub(crate) async fn search(
        &self,
        search: &Search<'_>,
    ) -> Result<Vec<SearchEntry>, Unavailable> {
        Ok(self.ask(Kind::Service, search).await?.0)
    }

    /// As a person, on a connection that is theirs until the answer is dropped.
    pub(crate) async fn bind(&self, dn: &str, password: &Password) -> Result<Bound, Unavailable> {
        let (answer, lease, machine) = self.ask(Kind::People, &Bind { dn, password }).await?;
        Ok(Bound { answer, lease, machine })
    }

    /// As the service account: RFC 3062. Never asked twice.
    pub(crate) async fn password_modify(
        &self,
        change: PasswordModify<'_>,
    ) -> Result<Answer, Unavailable> {
        self.ask_once(&change).await
    }

    /// As the service account. Never asked twice.
    pub(crate) async fn modify(
        &self,
        dn: &str,
        changes: Vec<Mod<Vec<u8>>>,
    ) -> Result<Answer, Unavailable> {
        self.ask_once(&Modify { dn, changes: &changes }).await
    }

    /// Whether a login could succeed now: reads the rootDSE as a search would be made.
    pub(crate) async fn health(&self) -> Result<(), Unavailable> {
        for machine in self.hosts.known() {
            machine.tidy();
        }
        self.ask(Kind::Service, &Ping).await.map(drop)
    }

    /// As they were last seen. Asks none of them.
    pub(crate) fn hosts(&self) -> Vec<Host> {
        self.hosts.known().iter().map(|machine| machine.told()).collect()
    }

    /// Whether a listener on the network learns nothing.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.hosts.way.security != Security::Plaintext
    }

    /// Of one host after the other, until one answers.
    async fn ask<Q: Question>(
        &self,
        kind: Kind,
        question: &Q,
    ) -> Result<(Q::Reply, Lease, Arc<Machine>), Unavailable> {
        let machines = self.hosts.in_turn().await.map_err(Unavailable::because)?;
        let mut tried = Tried::default();
        let mut sendings = Sendings::of::<Q>();
        let patience = self.hosts.patience();
        while sendings.are_left()
            && let Some(next) = Hosts::next(&machines, &tried.machines, Q::NAME)
        {
            if tried.is_one_busy && next.is_last_resort() {
                break;
            }
            let machine = Arc::clone(&next.machine);
            // Nobody waits for long at one host while another may be idle.
            let patience = if next.has_peers { suspicion(patience) } else { patience };
            match machine.ask(kind, question, &mut sendings, patience).await {
                Ok((reply, lease)) => return Ok((reply, lease, machine)),
                Err(failure) => tried.failed(machine, failure)?,
            }
        }
        Err(tried.in_vain(&machines))
    }

    /// Of the first host that lets us connect.
    async fn ask_once<Q: Question>(&self, question: &Q) -> Result<Q::Reply, Unavailable> {
        let machines = self.hosts.in_turn().await.map_err(Unavailable::because)?;
        let mut tried = Tried::default();
        while let Some(next) = Hosts::next(&machines, &tried.machines, Q::NAME) {
            let machine = Arc::clone(&next.machine);
            match machine.fresh().await {
                Ok(mut lease) => return Ok(machine.ask_on(&mut lease, question).await?),
                Err(failure) => tried.failed(machine, failure)?,
            }
        }
        Err(tried.in_vain(&machines))
    }
}

/// The hosts that gave no answer, and why.
#[derive(Default)]
struct Tried {
    machines: Vec<Arc<Machine>>,
    causes: Vec<String>,
    is_one_busy: bool,
}

impl Tried {
    /// Goes on to the next host, if that could help.
    fn failed(&mut self, machine: Arc<Machine>, failure: Failure) -> Result<(), Unavailable> {
        match failure {
            Failure::Final(_) | Failure::Cut(_) => return Err(failure.into()),
            Failure::Busy => self.is_one_busy = true,
            failure => self.causes.push(match failure.cause() {
                Some(cause) => format!("{}: {cause}", machine.name()),
                None => machine.cause(),
            }),
        }
        self.machines.push(machine);
        Ok(())
    }

    fn in_vain(mut self, machines: &[Arc<Machine>]) -> Unavailable {
        if self.causes.is_empty() && self.is_one_busy {
            return Unavailable::Busy;
        }
        if self.causes.is_empty() {
            self.causes = machines.iter().map(|machine| machine.cause()).collect();
        }
        Unavailable::because(self.causes.join("; "))
    }
}
