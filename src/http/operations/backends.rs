//! The identity backends, as the operator sees them: as JSON beside the readiness, and as gauges.

use std::time::Duration;

use ::metrics::gauge;
use poem_openapi::{Enum, Object};
use vestibule_plugin as plugin;

use crate::identity::{Condition, Identities};

/// One identity backend.
#[derive(Object)]
#[oai(read_only_all, rename = "BackendState")]
pub(super) struct Backend {
    /// As it is configured.
    name: String,
    /// Whether it answered just now, or before, if it is slow or busy.
    passed: bool,
    /// Why it did not, in words.
    #[oai(skip_serializing_if_is_none)]
    detail: Option<String>,
    /// `open` while it is not asked for people, as it failed too often in a row; it is until it answers again.
    breaker: Breaker,
    /// Why it last failed people, unless it has answered since.
    #[oai(skip_serializing_if_is_none)]
    last_failure: Option<String>,
    /// The machines behind it, where it knows them.
    hosts: Vec<Host>,
}

#[derive(Default, Enum)]
#[oai(rename_all = "snake_case", rename = "BreakerState")]
enum Breaker {
    #[default]
    Closed,
    Open,
}

/// A machine behind a backend, as it was last seen.
#[derive(Object)]
#[oai(read_only_all, rename = "BackendHost")]
struct Host {
    /// As it is configured, or was found in the DNS.
    name: String,
    /// Whether it answered when it was last asked.
    state: HostState,
    /// Why it is down, in words.
    #[oai(skip_serializing_if_is_none)]
    detail: Option<String>,
    /// Seconds until it is asked again.
    #[oai(skip_serializing_if_is_none)]
    retry_in: Option<u64>,
    /// The connections that are kept to it.
    #[oai(skip_serializing_if_is_none)]
    pool: Option<Pool>,
}

#[derive(Default, Enum)]
#[oai(rename_all = "snake_case", rename = "BackendHostState")]
enum HostState {
    /// Nobody has asked it yet.
    #[default]
    Untried,
    Up,
    Down,
}

#[derive(Object)]
#[oai(read_only_all, rename = "BackendPool")]
struct Pool {
    /// How many connections there may be.
    most: usize,
    /// How many there are.
    open: usize,
    /// How many of them wait for work.
    idle: usize,
    /// How many callers wait for one.
    waiting: usize,
}

impl Backend {
    fn new(condition: Condition<'_>, answer: Result<(), plugin::Unavailable>) -> Self {
        let detail = answer.err().map(|cause| cause.to_string());
        Self {
            name: condition.name.to_owned(),
            passed: detail.is_none(),
            detail,
            breaker: if condition.asked { Breaker::Closed } else { Breaker::Open },
            last_failure: condition.cause,
            hosts: condition.hosts.into_iter().map(Host::from).collect(),
        }
    }

    /// What it has to say against readiness.
    pub(super) fn complaint(&self) -> Option<String> {
        self.detail.as_ref().map(|detail| format!("{}: {detail}", self.name))
    }
}

impl From<plugin::Host> for Host {
    fn from(host: plugin::Host) -> Self {
        let (state, detail, retry_in) = match host.state {
            plugin::HostState::Untried => (HostState::Untried, None, None),
            plugin::HostState::Up => (HostState::Up, None, None),
            plugin::HostState::Down { cause, retry_in } => {
                (HostState::Down, Some(cause), Some(retry_in.as_secs()))
            }
        };
        let pool = host.pool.map(|plugin::Pool { most, open, idle, waiting }| Pool {
            most,
            open,
            idle,
            waiting,
        });
        Self { name: host.name, state, detail, retry_in, pool }
    }
}

/// Asks each backend, and waits for none longer than `patience`.
pub(super) async fn ask(identities: &Identities, patience: Duration) -> Vec<Backend> {
    let health = identities.health_within(patience).await;
    // Looked at afterwards, as their hosts have just been asked.
    let conditions = identities.conditions();
    conditions.zip(health).map(|(condition, (_, answer))| Backend::new(condition, answer)).collect()
}

/// What the metrics tell of each backend now.
pub(super) fn gauge(identities: &Identities) {
    for Condition { name, asked, hosts, .. } in identities.conditions() {
        gauge!("vestibule_backend_up", "backend" => name.to_owned()).set(f64::from(asked));
        for host in hosts {
            let labels = [("backend", name.to_owned()), ("host", host.name)];
            if host.state != plugin::HostState::Untried {
                let up = host.state == plugin::HostState::Up;
                gauge!("vestibule_backend_host_up", &labels).set(f64::from(up));
            }
            let Some(plugin::Pool { most, open, idle, waiting }) = host.pool else { continue };
            for (state, number) in
                [("most", most), ("open", open), ("idle", idle), ("waiting", waiting)]
            {
                let [backend, host] = labels.clone();
                let labels = [backend, host, ("state", state.to_owned())];
                gauge!("vestibule_backend_pool", &labels).set(number as f64);
            }
        }
    }
}
