//! All hosts of a backend, and which of them is asked next.
//!
//! A dead host is passed over while another lives, and asked again in the background once its time
//! has come; one that was only late with something, by one person who needs just that. If all are dead, one person at a time tries the one whose time comes first, so that
//! service is back as soon as a host is; the others hear at once that it is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tracing::warn;

use super::connection::Way;
use super::machine::{Machine, Probing};
use super::names::{Record, draw, own};
use crate::settings::{Address, BadOption, Order, Place, Security, Service, Settings};

/// How long the answer of a DNS server is believed, whatever it says itself.
const BELIEVED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// After a look-up that failed, the next; and where no host is known, as nothing goes on without.
const AGAIN: Duration = Duration::from_secs(15);
const AGAIN_SOON: Duration = Duration::from_secs(1);

/// All hosts of a backend.
pub(super) struct Hosts {
    pub(super) way: Way,
    settings: Settings,
    backend: Arc<str>,
    list: RwLock<List>,
    turn: AtomicUsize,
    /// Held by whoever asks the DNS: when that failed last, and why.
    looking_up: Mutex<Option<(Instant, String)>>,
}

/// The hosts as they are known now.
#[derive(Default)]
struct List {
    machines: Vec<Arc<Machine>>,
    records: Vec<Record>,
    /// When the DNS is asked again. Never, for hosts that were listed.
    until: Option<Instant>,
}

/// The host to ask, and the right to try a dead one.
pub(super) struct Next {
    pub(super) machine: Arc<Machine>,
    /// Whether others live that have not been asked.
    pub(super) has_peers: bool,
    probing: Option<Probing>,
}

impl Next {
    /// Whether it is dead, and so are all that are left.
    pub(super) fn is_last_resort(&self) -> bool {
        self.probing.is_some() && !self.has_peers
    }
}

impl Hosts {
    pub(super) fn open(way: Way, settings: &Settings, backend: &str) -> Result<Self, BadOption> {
        let hosts = Self {
            way,
            settings: settings.clone(),
            backend: backend.into(),
            list: RwLock::default(),
            turn: AtomicUsize::new(0),
            looking_up: Mutex::default(),
        };
        match &settings.place {
            Place::Listed(addresses) => {
                let machines = hosts.machines(addresses)?;
                hosts.replace(List { machines, ..List::default() });
            }
            Place::Srv(_) => hosts.replace(List { until: Some(Instant::now()), ..List::default() }),
        }
        Ok(hosts)
    }

    /// All of them, in the order in which they are tried now.
    pub(super) async fn in_turn(self: &Arc<Self>) -> Result<Vec<Arc<Machine>>, String> {
        self.refresh().await?;
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let mut machines = list.machines.clone();
        if self.settings.order == Order::RoundRobin {
            if list.records.is_empty() {
                let turn = self.turn.fetch_add(1, Ordering::Relaxed);
                let count = machines.len().max(1);
                machines.rotate_left(turn % count);
            } else {
                let order = draw(list.records.clone());
                let place = |machine: &Arc<Machine>| {
                    order.iter().position(|address| *address == machine.address)
                };
                machines.sort_by_key(place);
            }
        }
        Ok(machines)
    }

    /// The next to ask this of those in this order, if `tried` have been.
    pub(super) fn next(
        machines: &[Arc<Machine>],
        tried: &[Arc<Machine>],
        asked: &'static str,
    ) -> Option<Next> {
        let now = Instant::now();
        let is_tried = |machine: &Arc<Machine>| tried.iter().any(|one| Arc::ptr_eq(one, machine));
        let (mut alive, mut dead) = (Vec::new(), Vec::new());
        for machine in machines.iter().filter(|machine| !is_tried(machine)) {
            match machine.until() {
                None => alive.push(machine),
                Some(until) => dead.push((until, machine)),
            }
        }
        if let [machine, peers @ ..] = alive.as_slice() {
            for (_, machine) in dead.iter().filter(|(until, _)| *until <= now) {
                match machine.late_with() {
                    None => machine.check(),
                    Some(what) if what == asked => {
                        if let Some(probing) = machine.probe() {
                            let (machine, probing) = (Arc::clone(machine), Some(probing));
                            return Some(Next { machine, has_peers: true, probing });
                        }
                    }
                    Some(_) => {}
                }
            }
            let (machine, has_peers) = (Arc::clone(machine), !peers.is_empty());
            return Some(Next { machine, has_peers, probing: None });
        }
        dead.retain(|(_, machine)| !machine.is_barred());
        let (_, machine) = dead.into_iter().min_by_key(|(until, _)| *until)?;
        let probing = machine.probe()?;
        Some(Next { machine: Arc::clone(machine), has_peers: false, probing: Some(probing) })
    }

    pub(super) fn patience(&self) -> Duration {
        self.settings.operation_timeout
    }

    pub(super) fn place(&self) -> &Place {
        &self.settings.place
    }

    pub(super) fn service(&self) -> Option<&Service> {
        self.settings.service.as_ref()
    }

    /// As they were last known.
    pub(super) fn known(&self) -> Vec<Arc<Machine>> {
        self.list.read().unwrap_or_else(PoisonError::into_inner).machines.clone()
    }

    /// Asks the DNS again when its answer has grown old: in the background, unless there is none yet.
    async fn refresh(self: &Arc<Self>) -> Result<(), String> {
        let (old, empty) = {
            let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
            (list.until.is_some_and(|until| until <= Instant::now()), list.machines.is_empty())
        };
        if empty {
            let mut failure = self.looking_up.lock().await;
            if !self.known().is_empty() {
                return Ok(());
            }
            // Those who waited for the answer need not ask for themselves.
            if let Some((when, cause)) = &*failure
                && when.elapsed() < AGAIN_SOON
            {
                return Err(cause.clone());
            }
            let found = self.look_up().await;
            *failure = found.as_ref().err().map(|cause| (Instant::now(), cause.clone()));
            return found;
        }
        if old {
            let hosts = Arc::clone(self);
            tokio::spawn(async move {
                let Ok(_looking_up) = hosts.looking_up.try_lock() else { return };
                if let Err(cause) = hosts.look_up().await {
                    warn!(backend = %hosts.backend, cause, "the hosts are not looked up; the old ones are kept");
                    let mut list = hosts.list.write().unwrap_or_else(PoisonError::into_inner);
                    list.until = Some(Instant::now() + AGAIN);
                }
            });
        }
        Ok(())
    }

    async fn look_up(&self) -> Result<(), String> {
        let Place::Srv(name) = &self.settings.place else { return Ok(()) };
        let found = tokio::time::timeout(self.way.patience, self.way.names.records(name)).await;
        let (records, believed) = found.map_err(|_| {
            format!("the SRV records of {name} are not told within {:?}", self.way.patience)
        })??;
        let records = self.believed(records, name)?;
        let machines = self.machines(&draw(records.clone())).map_err(|error| error.to_string())?;
        let until = Some(Instant::now() + believed.clamp(BELIEVED.0, BELIEVED.1));
        self.replace(List { machines, records, until });
        Ok(())
    }

    /// Those that a forged answer could not have certificates for.
    fn believed(&self, records: Vec<Record>, name: &str) -> Result<Vec<Record>, String> {
        if self.settings.security == Security::Plaintext || self.settings.certificates.ca.is_some()
        {
            return Ok(records);
        }
        let (own, others) = own(records, name);
        if others.is_empty() {
            return Ok(own);
        }
        let others: Vec<String> =
            others.into_iter().map(|record| record.address.to_string()).collect();
        let cause = format!(
            "the DNS answers {name} with hosts outside that domain, which are not believed without a              CA of your own; name it in `ca`: {}",
            others.join(", ")
        );
        if own.is_empty() {
            return Err(cause);
        }
        warn!(backend = %self.backend, cause, "some hosts are left out");
        Ok(own)
    }

    /// Those that are known already stay as they are, with their connections.
    fn machines(&self, addresses: &[Address]) -> Result<Vec<Arc<Machine>>, BadOption> {
        let known = self.known();
        let mut machines: Vec<Arc<Machine>> = Vec::new();
        for address in addresses {
            if machines.iter().any(|machine| machine.address == *address) {
                continue;
            }
            machines.push(match known.iter().find(|machine| machine.address == *address) {
                Some(machine) => Arc::clone(machine),
                None => {
                    Machine::new(&self.way, &self.settings, &self.backend, address.clone())?.into()
                }
            });
        }
        Ok(machines)
    }

    fn replace(&self, list: List) {
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list;
    }
}
