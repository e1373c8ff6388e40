//! The accept loop: what it puts up with, from whom, and for how long.

#![expect(clippy::expect_used, reason = "what was waited for is named when it does not come")]

mod limits;
mod stopping;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use poem::{Body, IntoEndpoint, Route, get, handler, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vestibule::server::{Limits, Server, Tls};

/// Longer than anything here takes on a loaded machine; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// Short, as the tests wait for it.
const SHORT: Duration = Duration::from_millis(200);

/// A server under test. It stops when told to, or with the test.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    async fn start<E>(endpoint: E, tls: Option<Tls>, limits: Limits) -> Self
    where
        E: IntoEndpoint + Send + 'static,
        E::Endpoint: 'static,
    {
        let loopback = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(&[loopback], tls, limits).await.unwrap();
        let address = server.addresses()[0];
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(endpoint, async {
            let _ = stopped.await;
        }));
        Self { address, stop, served }
    }

    async fn with(limits: Limits) -> Self {
        Self::start(echo(), None, limits).await
    }

    async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address).await.unwrap())
    }
}

/// A client that sends what it likes.
struct Connection(TcpStream);

impl Connection {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// All that comes until the server closes the connection.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset closes as well.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("not closed");
        String::from_utf8(bytes).unwrap()
    }

    /// One answer, its body of known length included.
    async fn answer(&mut self) -> String {
        let mut text = String::new();
        let whole = async {
            while !is_whole(&text) {
                let mut bytes = [0; 1024];
                let read = self.0.read(&mut bytes).await.unwrap();
                assert!(read > 0, "closed after {text:?}");
                text.push_str(str::from_utf8(&bytes[..read]).unwrap());
            }
        };
        timeout(PATIENCE, whole).await.expect("no answer");
        text
    }
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| body.len() >= length.parse().unwrap())
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[handler]
fn index() -> &'static str {
    "here"
}

#[handler]
async fn count(body: Body) -> poem::Result<String> {
    Ok(body.into_vec().await?.len().to_string())
}

fn echo() -> Route {
    Route::new().at("/", get(index)).at("/length", post(count))
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let Err(error) = Server::bind(&[address], None, Limits::default()).await else {
        panic!("bound twice")
    };
    let expected = format!("cannot listen on {address}: another program uses this port");
    assert!(error.to_string().starts_with(&expected), "{error}");
}

#[tokio::test]
async fn every_address_is_served() {
    let loopback = "127.0.0.1:0".parse().unwrap();
    let server = Server::bind(&[loopback, loopback], None, Limits::default()).await.unwrap();
    let addresses = server.addresses().to_vec();
    let served = tokio::spawn(server.serve(echo(), std::future::pending()));
    for address in addresses {
        let mut connection = Connection(TcpStream::connect(address).await.unwrap());
        connection.send(GET).await;
        assert_eq!(status(&connection.answer().await), "200");
    }
    served.abort();
}
