//! A TCP proxy that misbehaves as a network does: it delays, freezes, cuts, refuses, and loses answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::port;

#[derive(Clone, Default)]
struct Manner {
    delay: Duration,
    is_frozen: bool,
    swallow_after: Option<usize>,
    /// Connections older than this are cut.
    generation: usize,
}

pub struct Proxy {
    address: SocketAddr,
    target: SocketAddr,
    manner: watch::Sender<Manner>,
    accepted: Arc<AtomicUsize>,
    listener: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Passes everything on to this address, until told otherwise.
    pub async fn to(target: SocketAddr) -> Self {
        let address = ([127, 0, 0, 1], port::free(1)).into();
        let (manner, _) = watch::channel(Manner::default());
        let accepted = Arc::default();
        let mut proxy = Self { address, target, manner, accepted, listener: None };
        proxy.refuse(false).await;
        proxy
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has accepted.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Each piece of a conversation waits this long, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.manner.send_modify(|manner| manner.delay = delay);
    }

    /// Ends all connections as they are now.
    pub fn cut(&self) {
        self.manner.send_modify(|manner| manner.generation += 1);
    }

    /// Accepts connections and passes nothing on, neither way.
    pub fn freeze(&self) {
        self.manner.send_modify(|manner| manner.is_frozen = true);
    }

    /// Passes on again, what was held back first.
    pub fn thaw(&self) {
        self.manner.send_modify(|manner| manner.is_frozen = false);
    }

    /// Of each connection's answers only so many bytes arrive; `None` for all.
    pub fn swallow_after(&self, bytes: Option<usize>) {
        self.manner.send_modify(|manner| manner.swallow_after = bytes);
    }

    /// Whether new connections are refused, as where no server runs. Those that are open stay so.
    pub async fn refuse(&mut self, refuse: bool) {
        if let Some(listener) = self.listener.take() {
            listener.abort();
            // The port is free once the task is gone.
            let _ = listener.await;
        }
        if !refuse {
            let listener = TcpListener::bind(self.address).await.unwrap();
            let (target, manner) = (self.target, self.manner.clone());
            let accepted = Arc::clone(&self.accepted);
            self.listener = Some(tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    accepted.fetch_add(1, Ordering::Relaxed);
                    // A task of its own: open connections outlive the listener.
                    tokio::spawn(converse(client, target, manner.subscribe()));
                }
            }));
        }
    }

    /// As if the server's machine had been switched off: nothing is open, nothing can be opened.
    pub async fn kill(&mut self) {
        self.refuse(true).await;
        self.cut();
    }

    /// The server is back.
    pub async fn revive(&mut self) {
        self.refuse(false).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.abort();
        }
        self.cut();
    }
}

async fn converse(client: TcpStream, target: SocketAddr, mut manner: watch::Receiver<Manner>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let generation = manner.borrow().generation;
    let mut pumps = JoinSet::new();
    pumps.spawn(pump(from_client, to_server, manner.clone(), false));
    pumps.spawn(pump(from_server, to_client, manner.clone(), true));
    // Either side's end is the end of both; so is a cut, and the end of the proxy.
    tokio::select! {
        _ = pumps.join_next() => {}
        _ = manner.wait_for(|now| now.generation > generation) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut manner: watch::Receiver<Manner>,
    answers: bool,
) {
    let mut bytes = vec![0; 16 * 1024];
    let mut passed = 0;
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let delay = manner.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let Ok(limit) = manner.wait_for(|now| !now.is_frozen).await.map(|now| now.swallow_after)
        else {
            return;
        };
        let room =
            limit.filter(|_| answers).map_or(read, |limit| read.min(limit.saturating_sub(passed)));
        passed += read;
        if to.write_all(&bytes[..room]).await.is_err() {
            return;
        }
    }
}
