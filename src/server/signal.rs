//! The signals that a service manager sends.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::Site;

/// Ready when the process is asked to end: SIGTERM, or SIGINT from a terminal.
pub async fn stop() {
    tokio::select! {
        () = received(SignalKind::terminate()) => {}
        () = received(SignalKind::interrupt()) => {}
    }
}

/// Reads the certificate anew at each SIGHUP; a bad one leaves the former in use.
pub(super) async fn reload(site: Arc<Site>) {
    let Some(tls) = &site.tls else { return };
    loop {
        received(SignalKind::hangup()).await;
        match tls.reload() {
            Ok(()) => tracing::info!("certificate read again"),
            Err(error) => tracing::error!(%error, "certificate not read again"),
        }
    }
}

/// Never ready where the signal cannot be listened for.
async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::error!(%error, "cannot listen for signals");
            std::future::pending::<()>().await;
        }
    }
}
