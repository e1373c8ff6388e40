//! What is counted and measured of each host.

use std::sync::Arc;
use std::time::Duration;

use metrics::SharedString;

/// As the metrics and the log call a host.
#[derive(Clone)]
pub(super) struct Labels {
    pub(super) backend: Arc<str>,
    pub(super) host: Arc<str>,
}

impl Labels {
    pub(super) fn new(backend: &Arc<str>, host: String) -> Self {
        Self { backend: Arc::clone(backend), host: host.into() }
    }

    /// A connection was opened.
    pub(super) fn opened(&self) {
        metrics::counter!(
            "vestibule_ldap_connections_opened_total",
            "backend" => SharedString::from(Arc::clone(&self.backend)),
            "host" => SharedString::from(Arc::clone(&self.host)),
        )
        .increment(1);
    }

    /// The host was asked something.
    pub(super) fn asked(&self, operation: &'static str, outcome: &'static str, took: Duration) {
        metrics::histogram!(
            "vestibule_ldap_operation_duration_seconds",
            "backend" => SharedString::from(Arc::clone(&self.backend)),
            "host" => SharedString::from(Arc::clone(&self.host)),
            "operation" => operation,
            "outcome" => outcome,
        )
        .record(took);
    }
}
