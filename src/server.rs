//! The accept loop: sockets, TLS and time limits around any endpoint of poem.
//!
//! *Why not `poem::Server`:* it shows no client certificate to an endpoint, waits for ever for the
//! rest of a request's head, sets no TCP_NODELAY, spins when there are no file descriptors left,
//! and has no limit on connections. All of that is a page of code on hyper.
//!
//! It knows no route, no issuer and no forwarded header: a request leaves here with the address
//! that the socket has, and [`PeerCertificate`].

mod activity;
mod body;
mod connection;
mod signal;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use poem::endpoint::{DynEndpoint, ToDynEndpoint};
use poem::{EndpointExt, IntoEndpoint, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::config;
pub use body::BodyRefused;
pub use connection::PeerCertificate;
pub use signal::stop;
pub use tls::{Tls, TlsError};

/// What one client may take of us.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a TLS handshake, and then the head of a request, may take to arrive.
    pub header_timeout: Duration,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
    /// How long a connection is kept without a request. Longer than the 60 s that proxies keep
    /// theirs, lest they reuse one that we are closing.
    pub idle_timeout: Duration,
    /// Bytes of a request's body.
    pub body: u64,
    /// Bytes of a request's head.
    pub head: u32,
    /// Connections open at a time; further ones wait in the kernel's queue.
    pub connections: usize,
    /// HTTP/2 requests under way at a time in one connection.
    pub streams: u32,
    /// How long requests in flight may take to finish once we stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            body: 64 * 1024,
            head: 64 * 1024,
            connections: 4096,
            streams: 100,
            grace: Duration::from_secs(20),
        }
    }
}

impl From<&config::Server> for Limits {
    fn from(configured: &config::Server) -> Self {
        Self {
            header_timeout: configured.header_timeout,
            body: u64::try_from(configured.body_limit).unwrap_or(u64::MAX),
            connections: configured.connections.min(Semaphore::MAX_PERMITS),
            grace: configured.shutdown_grace,
            ..Self::default()
        }
    }
}

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", remedy(.source))]
pub struct BindError {
    pub address: SocketAddr,
    pub source: io::Error,
}

fn remedy(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program uses this port; stop it, or choose another port".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "not permitted; ports below 1024 need a privilege, others are behind a proxy".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}

/// Sockets that listen already, so that their ports are known, and answer once served.
pub struct Server {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    tls: Option<Tls>,
    limits: Limits,
}

impl Server {
    /// Listens on all the addresses, or on none.
    pub async fn bind(
        addresses: &[SocketAddr],
        tls: Option<Tls>,
        limits: Limits,
    ) -> Result<Self, BindError> {
        let mut listeners = Vec::with_capacity(addresses.len());
        let mut bound = Vec::with_capacity(addresses.len());
        for &address in addresses {
            let told = |source| BindError { address, source };
            let listener = TcpListener::bind(address).await.map_err(told)?;
            bound.push(listener.local_addr().map_err(told)?);
            listeners.push(listener);
        }
        Ok(Self { listeners, addresses: bound, tls, limits })
    }

    /// Where it listens, with the port that the system chose where 0 was asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Answers requests until `stop` is ready, then lets those in flight finish within
    /// [`Limits::grace`]. While it serves TLS, SIGHUP reads the certificate files again.
    pub async fn serve<E>(self, endpoint: E, stop: impl Future<Output = ()>)
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        let grace = self.limits.grace;
        let (phase, watched) = watch::channel(Phase::Serving);
        let site = Arc::new(Site {
            endpoint: Box::new(ToDynEndpoint(endpoint.map_to_response())),
            places: Arc::new(Semaphore::new(self.limits.connections)),
            tls: self.tls,
            limits: self.limits,
        });

        let mut tasks = JoinSet::new();
        for listener in self.listeners {
            tasks.spawn(accept(listener, Arc::clone(&site), watched.clone()));
        }
        if site.tls.is_some() {
            tasks.spawn(signal::reload(Arc::clone(&site)));
        }
        drop(watched);

        pin!(stop).await;
        tasks.shutdown().await;
        phase.send_replace(Phase::Stopping);
        if tokio::time::timeout(grace, phase.closed()).await.is_err() {
            let left = phase.receiver_count();
            tracing::warn!(connections = left, "stopped before every request was finished");
            phase.send_replace(Phase::Over);
            phase.closed().await;
        }
    }
}

/// What all connections share.
struct Site {
    endpoint: Box<dyn DynEndpoint<Output = Response>>,
    places: Arc<Semaphore>,
    tls: Option<Tls>,
    limits: Limits,
}

/// How far the server has come, as connections see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Requests in flight finish, others are not begun.
    Stopping,
    /// Connections are dropped.
    Over,
}

/// Accepts for as long as it is polled.
async fn accept(listener: TcpListener, site: Arc<Site>, phase: watch::Receiver<Phase>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                pause = FIRST_PAUSE;
                let Some(place) = place(&site.places).await else { return };
                let (site, phase) = (Arc::clone(&site), phase.clone());
                tokio::spawn(async move {
                    connection::serve(stream, peer, site, phase).await;
                    drop(place);
                });
            }
            // The client has gone before it was served: no reason to wait.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Without file descriptors the call fails at once, again and again.
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn place(places: &Arc<Semaphore>) -> Option<tokio::sync::OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    metrics::counter!("vestibule_connections_delayed_total").increment(1);
    Arc::clone(places).acquire_owned().await.ok()
}

/// Small answers must not wait for the acknowledgement of earlier ones.
fn without_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
}
