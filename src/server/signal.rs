//! The signals that a service manager sends.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Site;

/// Ready when the process is asked to end: SIGTERM, or SIGINT from a terminal. It listens from now on, whenever it is awaited.
pub fn stop() -> impl Future<Output = ()> {
    let (mut terminate, mut interrupt) =
        (Signals::of(SignalKind::terminate()), Signals::of(SignalKind::interrupt()));
    async move {
        tokio::select! {
            () = terminate.next() => {}
            () = interrupt.next() => {}
        }
    }
}

/// Reads the certificate anew at each SIGHUP; a bad one leaves the former in use.
pub(super) async fn reload(site: Arc<Site>) {
    let Some(tls) = &site.tls else { return };
    let mut hangups = Signals::of(SignalKind::hangup());
    loop {
        hangups.next().await;
        match tls.reload() {
            Ok(()) => tracing::info!("certificate read again"),
            Err(error) => tracing::error!(%error, "certificate not read again"),
        }
    }
}

/// Signals of one kind; none ever, where they cannot be listened for.
struct Signals(Option<Signal>);

impl Signals {
    fn of(kind: SignalKind) -> Self {
        let listening = signal(kind);
        if let Err(error) = &listening {
            tracing::error!(%error, "cannot listen for signals");
        }
        Self(listening.ok())
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some(signals) => {
                signals.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}
