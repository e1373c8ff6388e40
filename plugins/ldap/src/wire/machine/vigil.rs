//! Whether a host lives: what its answers say of it, and how it is found out beside them.
//!
//! *Why* a late answer or a broken connection alone does not make a host dead: one slow search would
//! then end every login that is under way. It is asked something simple on a new connection, and
//! only that decides, or several late answers in a row. The same holds where one more connection
//! cannot be opened to a host that has just answered: it may have as many as it takes.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::super::failure::Failure;
use super::super::question::{Ping, Question};
use super::super::standing::Fault;
use super::{Kind, Machine};

/// Time for an answer on an older connection.
const MOMENT: Duration = Duration::from_millis(200);

impl Machine {
    /// What it says of the host that there is no answer.
    pub(super) fn learn(self: &Arc<Self>, failure: &Failure) {
        match failure {
            Failure::Down(_) if self.is_fresh() => self.check(),
            Failure::Down(cause) => self.failed(cause, Fault::Dead),
            Failure::Barred(cause) => self.failed(cause, Fault::Barred),
            // One connection may break, and one answer be strange, on a host that lives.
            Failure::Broken(_) | Failure::Late(_) => self.check(),
            Failure::Elsewhere(_)
            | Failure::Final(_)
            | Failure::Cut(_)
            | Failure::Lacking(_)
            | Failure::Busy
            | Failure::Died => {}
        }
    }

    /// It did not answer what every login needs.
    pub(super) fn was_late(self: &Arc<Self>, asked: &'static str, cause: &str) {
        let is_enough = self.standing().was_late(asked);
        if is_enough {
            self.failed(cause, Fault::Late(asked));
        } else {
            self.check();
        }
    }

    /// Finds out in the background whether it lives, unless somebody does so already.
    pub(in super::super) fn check(self: &Arc<Self>) {
        if let Some(probing) = self.probe() {
            self.find_out(probing);
        }
    }

    fn find_out(self: &Arc<Self>, probing: Probing) {
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
            let began = Instant::now();
            let cause = match timeout(opening.way.patience, answer).await {
                Ok(Ok(()) | Err(Failure::Elsewhere(_) | Failure::Final(_) | Failure::Cut(_))) => {
                    return machine.worked(Ping::NAME);
                }
                Ok(Err(Failure::Lacking(_))) => return,
                Ok(Err(Failure::Barred(cause))) => return machine.failed(&cause, Fault::Barred),
                Ok(Err(Failure::Down(cause))) => cause,
                Ok(Err(_)) => "the connection broke at the first question".to_owned(),
                Err(_) => opening.way.late(),
            };
            if machine.is_fresh() {
                sleep(MOMENT.saturating_sub(began.elapsed())).await;
            }
            if !machine.standing().has_answered_since(began) {
                machine.failed(&cause, Fault::Dead);
            }
        });
    }

    /// What its being late means, once it is known whether it lives.
    pub(super) async fn verdict(self: &Arc<Self>, late: Failure) -> Failure {
        let patience = self.people.manager().way.patience + 2 * MOMENT;
        while !self.is_dead() {
            let mut known = pin!(self.verdict.notified());
            // From here on: it may be known before anybody waits.
            known.as_mut().enable();
            let probing = self.probe();
            let is_new = probing.is_some();
            if let Some(probing) = probing {
                self.find_out(probing);
            }
            // If it is not known by then, it is as good as alive.
            let _ = timeout(patience, known).await;
            // One that was under way may have heard of a time before the question.
            if is_new {
                break;
            }
        }
        if self.is_dead() { Failure::Died } else { late }
    }

    fn is_dead(&self) -> bool {
        self.until().is_some() && self.late_with().is_none()
    }

    /// The right to find out whether it lives: one at a time.
    pub(in super::super) fn probe(self: &Arc<Self>) -> Option<Probing> {
        let free = !self.probed.swap(true, Ordering::AcqRel);
        free.then(|| Probing(Arc::clone(self)))
    }

    pub(super) fn worked(&self, asked: &'static str) {
        let is_back = self.standing().worked(asked, Instant::now());
        if is_back {
            info!(backend = %self.labels.backend, host = %self.labels.host, "the host answers again");
        }
    }

    fn is_fresh(&self) -> bool {
        self.standing().is_fresh(Instant::now())
    }

    fn failed(&self, cause: &str, fault: Fault) {
        let new = self.standing().failed(cause.to_owned(), fault, Instant::now());
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

    /// What it never answers in time, if it is called dead for that.
    pub(in super::super) fn late_with(&self) -> Option<&'static str> {
        self.standing().late_with()
    }

    /// Whether it may not be tried before its time even if nobody else answers.
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
        self.0.verdict.notify_waiters();
    }
}
