//! One host: its connections, how it does, and how it is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::Pool;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};
use vestibule_plugin::Host;

use super::connection::Way;
use super::failure::Failure;
use super::introduction::Introduction;
use super::labels::Labels;
use super::pool::{FORGOTTEN, Lease, Opening};
use super::question::{Ping, Question, suspicion};
use super::standing::Standing;
use crate::settings::{Address, BadOption, Settings};

/// Which connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bound as the service account, or as nobody.
    Service,
    /// For people to bind on.
    People,
}

/// One host.
pub(super) struct Machine {
    pub(super) address: Address,
    labels: Labels,
    service: Pool<Opening>,
    people: Pool<Opening>,
    patience: Duration,
    standing: Mutex<Standing>,
    /// Rung when it is found dead, for those who wait for an answer of it.
    knell: Notify,
    /// Held by whoever asks it something only to see whether it lives.
    probed: AtomicBool,
}

impl Machine {
    pub(super) fn new(
        way: &Way,
        settings: &Settings,
        backend: &Arc<str>,
        address: Address,
    ) -> Result<Self, BadOption> {
        let host = format!("{}://{address}", settings.security.scheme());
        let labels = Labels::new(backend, host);
        let pool = |service| {
            let (way, address, labels) = (way.clone(), address.clone(), labels.clone());
            Opening { way, address, introduction: Introduction::of(service), labels }.pool(settings)
        };
        Ok(Self {
            service: pool(settings.service.clone())?,
            people: pool(None)?,
            patience: settings.operation_timeout,
            standing: Mutex::default(),
            knell: Notify::new(),
            probed: AtomicBool::new(false),
            labels,
            address,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.labels.host
    }

    /// Asks once, on a kept connection. One that turns out closed is replaced without anybody's
    /// noticing: the host was only started anew.
    pub(super) async fn ask<Q: Question>(
        self: &Arc<Self>,
        kind: Kind,
        question: &Q,
    ) -> Result<(Q::Reply, Lease), Failure> {
        let mut lease = self.lease(kind).await?;
        let used = lease.is_used();
        let answer = self.ask_on(&mut lease, question).await;
        if !(used && matches!(answer, Err(Failure::Broken(_)))) {
            return answer.map(|reply| (reply, lease));
        }
        // The other idle ones are of the same age.
        self.pool(kind).retain(|_, _| false);
        drop(lease);
        let mut lease = self.lease(kind).await?;
        let reply = self.ask_on(&mut lease, question).await?;
        Ok((reply, lease))
    }

    /// A new connection as the service account.
    pub(super) async fn fresh(self: &Arc<Self>) -> Result<Lease, Failure> {
        let lease = self.service.manager().open().await.map(Lease::own);
        if let Err(failure) = &lease {
            self.learn(failure);
        }
        lease
    }

    async fn lease(self: &Arc<Self>, kind: Kind) -> Result<Lease, Failure> {
        let lease = tokio::select! {
            lease = Lease::of(self.pool(kind)) => lease,
            () = self.knell.notified() => Err(Failure::Died),
        };
        if let Err(failure) = &lease {
            self.learn(failure);
        }
        lease
    }

    /// Asks on a connection. If the answer takes long, the host is asked something simple beside it;
    /// if it is found dead, nobody waits any longer.
    pub(super) async fn ask_on<Q: Question>(
        self: &Arc<Self>,
        lease: &mut Lease,
        question: &Q,
    ) -> Result<Q::Reply, Failure> {
        let started = Instant::now();
        let doubt = async {
            sleep(suspicion(self.patience)).await;
            self.check();
            std::future::pending().await
        };
        let answer = tokio::select! {
            answer = lease.put(question, self.patience) => answer,
            () = self.knell.notified() => Err(Failure::Died),
            answer = doubt => answer,
        };
        let outcome = answer.as_ref().err().map_or("answered", Failure::name);
        self.labels.asked(Q::NAME, outcome, started.elapsed());
        match &answer {
            Ok(_) => self.worked(),
            Err(failure) => self.learn(failure),
        }
        answer
    }

    /// What it says of the host that there is no answer.
    fn learn(self: &Arc<Self>, failure: &Failure) {
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
    pub(super) fn check(self: &Arc<Self>) {
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
                Ok(Ok(())) => machine.worked(),
                Ok(Err(failure @ (Failure::Down(_) | Failure::Barred(_)))) => {
                    machine.learn(&failure)
                }
                Ok(Err(_)) => machine.failed("the connection broke at the first question", false),
                Err(_) => machine.failed(&opening.way.late(), false),
            }
        });
    }

    /// The right to find out whether it lives: one at a time.
    pub(super) fn probe(self: &Arc<Self>) -> Option<Probing> {
        let free = !self.probed.swap(true, Ordering::AcqRel);
        free.then(|| Probing(Arc::clone(self)))
    }

    fn worked(&self) {
        if self.standing().worked() {
            info!(backend = %self.labels.backend, host = %self.labels.host, "the host answers again");
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
    pub(super) fn until(&self) -> Option<Instant> {
        self.standing().until()
    }

    /// Whether it may be tried before its time, as nobody else answers.
    pub(super) fn is_barred(&self) -> bool {
        self.standing().is_barred(Instant::now())
    }

    pub(super) fn cause(&self) -> String {
        format!("{}: {}", self.name(), self.standing().cause().unwrap_or("not asked"))
    }

    /// Closes what nobody needed for minutes.
    pub(super) fn tidy(&self) {
        for pool in [&self.service, &self.people] {
            pool.retain(|_, metrics| metrics.last_used() < FORGOTTEN);
        }
    }

    pub(super) fn told(&self) -> Host {
        let mut pool = vestibule_plugin::Pool::default();
        for status in [self.service.status(), self.people.status()] {
            pool.most += status.max_size;
            pool.open += status.size;
            pool.idle += status.available;
            pool.waiting += status.waiting;
        }
        Host {
            name: self.name().to_owned(),
            state: self.standing().told(Instant::now()),
            pool: Some(pool),
        }
    }

    fn pool(&self, kind: Kind) -> &Pool<Opening> {
        match kind {
            Kind::Service => &self.service,
            Kind::People => &self.people,
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever holds this finds out whether a host lives.
pub(super) struct Probing(Arc<Machine>);

impl Drop for Probing {
    fn drop(&mut self) {
        self.0.probed.store(false, Ordering::Release);
    }
}

#[cfg(test)]
impl Machine {
    /// As if nobody had searched for so long.
    pub(super) async fn grow_old(&self, age: Duration) {
        let mut lease = Lease::of(&self.service).await.unwrap();
        lease.connection().unwrap().worked = Instant::now().checked_sub(age).unwrap();
    }
}
