//! Whether requests would succeed now, and why not.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use poem_openapi::Object;

use super::backends::{self, Backend};
use crate::identity::Identities;

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shorter: one backend that hangs must not hide that the others answer. What was last known of it
/// stands until it does.
const BACKENDS_PATIENCE: Duration = Duration::from_millis(1500);

#[derive(Object)]
#[oai(read_only_all)]
pub(super) struct Health {
    /// `ready` or `not ready`.
    status: &'static str,
    /// What was looked at.
    checks: Vec<Check>,
    /// Each identity backend, in order.
    backends: Vec<Backend>,
}

impl Health {
    pub(super) fn is_ready(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
}

#[derive(Object)]
#[oai(read_only_all)]
struct Check {
    /// What was looked at.
    name: &'static str,
    /// Whether it is as it should be.
    passed: bool,
    /// Why it failed, in words.
    #[oai(skip_serializing_if_is_none)]
    detail: Option<String>,
}

type Outcome = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Probe = Arc<dyn Fn() -> Outcome + Send + Sync>;

/// What must hold for requests to succeed.
#[derive(Clone, Default)]
pub struct Readiness {
    probes: Vec<(&'static str, Probe)>,
    identities: Option<Identities>,
}

impl Readiness {
    /// Adds a check. It is asked every few seconds, so it must be cheap; it fails with a reason for
    /// the operator.
    #[must_use]
    pub fn with<F>(
        mut self,
        name: &'static str,
        probe: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.probes.push((name, Arc::new(move || Box::pin(probe()))));
        self
    }

    /// Adds the check that not every identity backend is down, and tells of each.
    #[must_use]
    pub fn with_backends(self, identities: Identities) -> Self {
        Self { identities: Some(identities), ..self }
    }

    pub(super) async fn run(&self) -> Health {
        let (mut checks, (answer, backends)) = tokio::join!(self.probe(), self.ask_backends());
        checks.extend(answer);
        let mut health = Health { status: "ready", checks, backends };
        if !health.is_ready() {
            health.status = "not ready";
        }
        health
    }

    /// What has to be looked at when the metrics are read.
    pub(super) fn gauge(&self) {
        if let Some(identities) = &self.identities {
            backends::gauge(identities);
        }
    }

    async fn ask_backends(&self) -> (Option<Check>, Vec<Backend>) {
        let Some(identities) = &self.identities else { return (None, Vec::new()) };
        let backends = backends::ask(identities, BACKENDS_PATIENCE).await;
        let down: Vec<String> = backends.iter().filter_map(Backend::complaint).collect();
        // One backend down stops its own people only.
        let passed = down.is_empty() || down.len() < backends.len();
        let detail = (!passed).then(|| down.join("; "));
        (Some(Check { name: "backends", passed, detail }), backends)
    }

    async fn probe(&self) -> Vec<Check> {
        // All are begun before any is waited for: the answer takes as long as the slowest.
        let running: Vec<_> = self
            .probes
            .iter()
            .map(|(name, probe)| (*name, tokio::spawn(tokio::time::timeout(PATIENCE, probe()))))
            .collect();
        let mut checks = Vec::with_capacity(running.len());
        for (name, task) in running {
            let detail = match task.await {
                Ok(Ok(Ok(()))) => None,
                Ok(Ok(Err(reason))) => Some(reason),
                Ok(Err(_)) => Some(format!("no answer within {PATIENCE:?}")),
                Err(_) => Some("the check itself failed".to_owned()),
            };
            checks.push(Check { name, passed: detail.is_none(), detail });
        }
        checks
    }
}
