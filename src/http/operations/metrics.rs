//! The counters, gauges and histograms of this process: what each is called, and their text form.

use std::sync::OnceLock;
use std::time::Duration;

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;

/// Samples wait for whoever asks for the metrics; nobody may, so they are gathered this often.
const UPKEEP: Duration = Duration::from_secs(1);

/// A host that is no longer among those of its backend is no longer told of, either.
const GONE_AFTER: Duration = Duration::from_secs(300);

/// Seconds; from a signature to a password that is hashed under load.
const BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

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
    let builder = builder.set_buckets(BUCKETS).unwrap_or_default();
    let recorder = builder.idle_timeout(MetricKindMask::GAUGE, Some(GONE_AFTER)).build_recorder();
    let handle = recorder.handle();
    if ::metrics::set_global_recorder(recorder).is_err() {
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
    describe_histogram!(
        "vestibule_backend_duration_seconds",
        Unit::Seconds,
        "Time that an identity backend took to answer, by operation and outcome"
    );
    describe_gauge!(
        "vestibule_backend_up",
        "0 while an identity backend is left alone, as it failed too often"
    );
    describe_gauge!(
        "vestibule_backend_host_up",
        "Whether a host of an identity backend answered when it was last asked"
    );
    describe_gauge!("vestibule_backend_pool", "Connections to a host of an identity backend");
    let upkeep = handle.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(UPKEEP);
            upkeep.run_upkeep();
        }
    });
    handle
}
