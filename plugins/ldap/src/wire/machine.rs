//! One host: its connections, how it does, and how it is asked.

mod vigil;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::Pool;
use tokio::sync::Notify;
use tokio::time::sleep;
use vestibule_plugin::Host;

pub(super) use self::vigil::Probing;
use super::connection::Way;
use super::failure::Failure;
use super::introduction::Introduction;
use super::labels::Labels;
use super::pool::{FORGOTTEN, Lease, Opening};
use super::question::{Question, suspicion};
use super::sendings::Sendings;
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
    /// Rung when that is known.
    verdict: Notify,
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
            let introduction = Introduction::of(service, backend);
            let silence = Mutex::default();
            Opening { way, address, introduction, labels, silence }.pool(settings)
        };
        Ok(Self {
            service: pool(settings.service.clone())?,
            people: pool(None)?,
            patience: settings.operation_timeout,
            standing: Mutex::default(),
            knell: Notify::new(),
            probed: AtomicBool::new(false),
            verdict: Notify::new(),
            labels,
            address,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.labels.host
    }

    /// Asks once, on a kept connection. One that turns out closed is replaced without anybody's
    /// noticing, unless it was sent often enough: the host was only started anew.
    pub(super) async fn ask<Q: Question>(
        self: &Arc<Self>,
        kind: Kind,
        question: &Q,
        sendings: &mut Sendings,
        patience: Duration,
    ) -> Result<(Q::Reply, Lease), Failure> {
        let mut lease = self.lease(kind, patience).await?;
        let used = lease.is_used();
        let failure = match self.ask_on(&mut lease, question).await {
            Ok(reply) => return Ok((reply, lease)),
            // Whether it may be asked elsewhere depends on whether this host lives.
            Err(late @ Failure::Late(_)) if Q::SENDINGS.is_some() => self.verdict(late).await,
            Err(failure) => failure,
        };
        sendings.count(&failure);
        if !(used && matches!(failure, Failure::Broken(_)) && sendings.are_left()) {
            return Err(failure);
        }
        // The other idle ones are of the same age.
        self.pool(kind).retain(|_, _| false);
        drop(lease);
        let mut lease = self.lease(kind, patience).await?;
        let answer = self.ask_on(&mut lease, question).await;
        answer.inspect_err(|failure| sendings.count(failure)).map(|reply| (reply, lease))
    }

    /// A new connection as the service account.
    pub(super) async fn fresh(self: &Arc<Self>) -> Result<Lease, Failure> {
        let lease = self.service.manager().open().await.map(Lease::own);
        if let Err(failure) = &lease {
            self.learn(failure);
        }
        lease
    }

    async fn lease(self: &Arc<Self>, kind: Kind, patience: Duration) -> Result<Lease, Failure> {
        let lease = tokio::select! {
            lease = Lease::of(self.pool(kind), patience) => lease,
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
            Ok(_) | Err(Failure::Elsewhere(_) | Failure::Final(_) | Failure::Cut(_)) => {
                self.worked(Q::NAME);
            }
            Err(Failure::Late(cause)) if Q::IS_NEEDED => self.was_late(Q::NAME, cause),
            Err(failure) => self.learn(failure),
        }
        answer
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

#[cfg(test)]
impl Machine {
    /// So many connections after a busy time, and as if nobody had searched for so long.
    pub(super) async fn grow_old(self: &Arc<Self>, connections: usize, age: Duration) {
        let mut leases = Vec::new();
        for _ in 0..connections {
            let mut lease = Lease::of(&self.service, self.patience).await.unwrap();
            for _ in 0..60 {
                self.ask_on(&mut lease, &super::question::Ping).await.unwrap();
            }
            lease.connection().unwrap().worked = Instant::now().checked_sub(age).unwrap();
            leases.push(lease);
        }
    }
}
