//! Whether a host lives: what its answers say of it, and how it is found out beside them.
//!
//! *Why* a late answer or a broken connection alone does not make a host dead: one slow search would
//! then end every login that is under way. It is asked something simple on a new connection, and
//! only that decides, or several late answers in a row.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::time::timeout;
use tracing::{info, warn};

use super::super::failure::Failure;
use super::super::question::{Ping, Question};
use super::{Kind, Machine};

impl Machine {
    /// What it says of the host that there is no answer.
    pub(super) fn learn(self: &Arc<Self>, failure: &Failure) {
        match failure {
            Failure::Down(cause) => self.failed(cause, false),
            Failure::Barred(cause) => self.failed(cause, true),
            // One connection may break, and one answer be strange, on a host that lives.
            Failure::Broken(_) => self.check(),
            Failure::Late(cause) => {
                if self.standing().was_late() {
                    self.failed(cause, false);
                } else {
                    self.check();
                }
            }
            // It answered.
            Failure::Elsewhere(_) | Failure::Final(_) | Failure::Cut(_) => self.worked(),
            Failure::Busy | Failure::Died => {}
        }
    }

    /// Finds out in the background whether it lives, unless somebody does so already.
    pub(in super::super) fn check(self: &Arc<Self>) {
        let Some(probing) = self.probe() else { return };
        let machine = Arc::clone(self);
        tokio::spawn(async move {
            let _probing = probing;
            // One that is only slow may be busy: it need not check a password to show that it lives.
            let kind = if machine.until().is_some() { Kind::Service } else { Kind::People };
            let opening = machine.pool(kind).manager();
            let answer = async {
                let mut connection = opening.open().await?;
                Ping.put(&mut connection.ldap).await
            };
            match timeout(opening.way.patience, answer).await {
                Ok(Ok(())) => machine.lives(),
                Ok(Err(failure @ (Failure::Down(_) | Failure::Barred(_)))) => {
                    machine.learn(&failure)
                }
                Ok(Err(_)) => machine.failed("the connection broke at the first question", false),
                Err(_) => machine.failed(&opening.way.late(), false),
            }
        });
    }

    /// The right to find out whether it lives: one at a time.
    pub(in super::super) fn probe(self: &Arc<Self>) -> Option<Probing> {
        let free = !self.probed.swap(true, Ordering::AcqRel);
        free.then(|| Probing(Arc::clone(self)))
    }

    pub(super) fn worked(&self) {
        if self.standing().worked() {
            info!(backend = %self.labels.backend, host = %self.labels.host, "the host answers again");
        }
    }

    /// It answered something simple. That it did so does not say that it answers everything.
    fn lives(&self) {
        if self.until().is_some() {
            self.worked();
        }
    }

    fn failed(&self, cause: &str, barred: bool) {
        let new = self.standing().failed(cause.to_owned(), barred, Instant::now());
        if new {
            warn!(backend = %self.labels.backend, host = %self.labels.host, cause, "the host is dead");
        }
        for pool in [&self.service, &self.people] {
            pool.retain(|_, _| false);
        }
        self.knell.notify_waiters();
    }

    /// When it is asked again, if it is dead.
    pub(in super::super) fn until(&self) -> Option<Instant> {
        self.standing().until()
    }

    /// Whether it may be tried before its time, as nobody else answers.
    pub(in super::super) fn is_barred(&self) -> bool {
        self.standing().is_barred(Instant::now())
    }

    pub(in super::super) fn cause(&self) -> String {
        format!("{}: {}", self.name(), self.standing().cause().unwrap_or("not asked"))
    }
}

/// Whoever holds this finds out whether a host lives.
pub(in super::super) struct Probing(Arc<Machine>);

impl Drop for Probing {
    fn drop(&mut self) {
        self.0.probed.store(false, Ordering::Release);
    }
}
