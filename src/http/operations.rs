//! What a supervisor asks: whether we live, whether requests would succeed, and how many there were.
//!
//! Served on an address of its own, loopback by default; of these, the public one answers
//! [`Live`] alone, so that nobody outside learns of our load or our troubles.

mod backends;
mod metrics;
mod readiness;

use poem::error::MethodNotAllowedError;
use poem::http::{StatusCode, header};
use poem::{EndpointExt, IntoEndpoint, Response, Route};
use poem_openapi::payload::{Json, PlainText};
use poem_openapi::{ApiResponse, Object, OpenApi, OpenApiService};

pub use self::metrics::Metrics;
pub use self::readiness::Readiness;

use self::readiness::Health;
use super::openapi::Tag;

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
    /// A load balancer sends requests elsewhere while the answer is 503. One identity backend that is down stops its own
    /// people only, so all must be down for that.
    #[oai(path = "/health/ready", method = "get", operation_id = "ready")]
    async fn ready(&self) -> ReadyReply {
        let health = self.readiness.run().await;
        match health.is_ready() {
            true => ReadyReply::Ready(Json(health), no_store()),
            false => ReadyReply::NotReady(Json(health), no_store()),
        }
    }

    /// Counters, gauges and histograms in the text format of Prometheus
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(&self) -> MetricsReply {
        self.readiness.gauge();
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
