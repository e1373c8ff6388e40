//! What a supervisor asks: whether we live, whether requests would succeed, and how many there were.
//!
//! Served on an address of its own, loopback by default; of these, the public one answers
//! [`Live`] alone, so that nobody outside learns of our load or our troubles.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use poem::error::MethodNotAllowedError;
use poem::http::{StatusCode, header};
use poem::{EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{ApiResponse, Object, OpenApi, OpenApiService};

use super::openapi::Tag;

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Samples wait for whoever asks for the metrics; nobody may, so they are gathered this often.
const UPKEEP: Duration = Duration::from_secs(1);

/// Seconds; from a signature to a password that is hashed under load.
const BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Whether the process answers at all.
pub struct Live;

#[OpenApi(tag = "Tag::Operations")]
impl Live {
    /// Whether the process answers
    ///
    /// Says nothing about the database or anything else that a restart would not mend.
    #[oai(path = "/health/live", method = "get", operation_id = "live")]
    async fn live(&self) -> LiveReply {
        LiveReply::Live(Json(Alive { status: "live" }), no_store())
    }
}

fn no_store() -> String {
    "no-store".to_owned()
}

#[derive(ApiResponse)]
enum LiveReply {
    /// The process answers.
    #[oai(status = 200, content_type = "application/json")]
    Live(Json<Alive>, #[oai(header = "Cache-Control")] String),
}

#[derive(Object)]
#[oai(read_only_all)]
struct Alive {
    /// Always `live`.
    status: &'static str,
}

/// Readiness and metrics; together with [`Live`] all that the operations address answers.
pub struct Operations {
    readiness: Readiness,
    metrics: Metrics,
}

impl Operations {
    pub fn new(readiness: Readiness, metrics: Metrics) -> Self {
        Self { readiness, metrics }
    }
}

#[OpenApi(tag = "Tag::Operations")]
impl Operations {
    /// Whether requests would succeed now
    ///
    /// A load balancer sends requests elsewhere while the answer is 503.
    #[oai(path = "/health/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> ReadyReply {
        let checks = self.readiness.run().await;
        if checks.iter().all(|check| check.passed) {
            ReadyReply::Ready(Json(Health { status: "ready", checks }), no_store())
        } else {
            ReadyReply::NotReady(Json(Health { status: "not ready", checks }), no_store())
        }
    }

    /// Counters and histograms in the text format of Prometheus
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(&self) -> MetricsReply {
        MetricsReply::Metrics(PlainText(self.metrics.render()))
    }
}

#[derive(ApiResponse)]
enum ReadyReply {
    /// Every check passed.
    #[oai(status = 200, content_type = "application/json")]
    Ready(Json<Health>, #[oai(header = "Cache-Control")] String),
    /// At least one check failed.
    #[oai(status = 503, content_type = "application/json")]
    NotReady(Json<Health>, #[oai(header = "Cache-Control")] String),
}

#[derive(ApiResponse)]
enum MetricsReply {
    /// One sample a line.
    #[oai(status = 200, content_type = "text/plain; version=0.0.4; charset=utf-8")]
    Metrics(PlainText<String>),
}

#[derive(Object)]
#[oai(read_only_all)]
struct Health {
    /// `ready` or `not ready`.
    status: &'static str,
    /// What was looked at.
    checks: Vec<Check>,
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
pub struct Readiness(Vec<(&'static str, Probe)>);

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
        self.0.push((name, Arc::new(move || Box::pin(probe()))));
        self
    }

    async fn run(&self) -> Vec<Check> {
        // All are begun before any is waited for: the answer takes as long as the slowest.
        let running: Vec<_> = self
            .0
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

/// All counters and histograms of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Counts from now on. The same for everyone in this process.
    pub fn open() -> Self {
        static OPEN: OnceLock<PrometheusHandle> = OnceLock::new();
        Self(OPEN.get_or_init(install).clone())
    }

    /// The text format of Prometheus.
    pub fn render(&self) -> String {
        self.0.render()
    }
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    let recorder = builder.set_buckets(BUCKETS).unwrap_or_default().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::error!("metrics are recorded elsewhere, /metrics stays empty");
    }
    describe_counter!("vestibule_http_requests_total", "Requests answered");
    describe_counter!(
        "vestibule_connections_delayed_total",
        "Connections that waited as server.connections others were open"
    );
    describe_histogram!(
        "vestibule_http_request_duration_seconds",
        Unit::Seconds,
        "Time from a request's head to its answer's"
    );
    let upkeep = handle.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(UPKEEP);
            upkeep.run_upkeep();
        }
    });
    handle
}

/// What the operations address serves.
pub fn endpoint(readiness: Readiness, metrics: Metrics) -> impl IntoEndpoint {
    let operations = (Live, Operations::new(readiness, metrics));
    let version = env!("CARGO_PKG_VERSION");
    let service = OpenApiService::new(operations, "Vestibule operations", version);
    Route::new().nest("/", service).catch_error(|_: MethodNotAllowedError| async {
        let refusal = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED);
        refusal.header(header::ALLOW, "GET, HEAD").finish()
    })
}

#[cfg(test)]
mod tests;
