//! One connection to one host: names, TCP, StartTLS, TLS, and then ldap3 behind the guard.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream as Pair;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, StdStream};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::ber;
use super::failure::Failure;
use super::guard::{Ended, relay};
use super::names::Names;
use super::shapes::{Verdict, awaited};
use super::tls::{Tls, why};
use crate::settings::{Address, Security};

/// An answer to StartTLS is a result code and a few words.
const LONGEST_ANSWER: usize = 1 << 16;

/// How connections are opened: the same for every host of a backend.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) names: Names,
    pub(super) security: Security,
    pub(super) tls: Option<Tls>,
    pub(super) patience: Duration,
}

/// A connection that ldap3 speaks through.
pub(super) struct Connection {
    pub(super) ldap: Ldap,
    ended: Ended,
    /// When it was last known to work.
    pub(super) worked: Instant,
}

impl Connection {
    pub(super) fn is_closed(&mut self) -> bool {
        self.ended.get().is_some() || self.ldap.is_closed()
    }

    /// Why it is over, once it is.
    pub(super) fn cause(&self) -> String {
        self.ended.get().cloned().unwrap_or_else(|| "the connection broke".to_owned())
    }
}

impl Way {
    /// Within the connect timeout; as nobody yet.
    pub(super) async fn open(&self, address: &Address) -> Result<Connection, Failure> {
        let opened = timeout(self.patience, self.open_at_leisure(address)).await;
        opened.map_err(|_| Failure::Down(self.late()))?
    }

    pub(super) fn late(&self) -> String {
        format!("no connection within {:?}", self.patience)
    }

    async fn open_at_leisure(&self, address: &Address) -> Result<Connection, Failure> {
        let addresses = self.names.addresses(address).await.map_err(Failure::Down)?;
        let stream = tcp(&addresses).await?;
        let Some(tls) = &self.tls else { return over(stream).await };
        let secured = self.secure(stream, address, &tls.connector()).await;
        over(secured.map_err(Failure::Down)?).await
    }

    /// TLS, asked for in the open first if need be.
    pub(super) async fn secure(
        &self,
        mut stream: TcpStream,
        address: &Address,
        connector: &TlsConnector,
    ) -> Result<TlsStream<TcpStream>, String> {
        if self.security == Security::StartTls {
            start_tls(&mut stream).await?;
        }
        let name = ServerName::try_from(address.host.clone())
            .map_err(|_| format!("{} is no name of a host", address.host))?;
        connector.connect(name, stream).await.map_err(|error| why(&error, &address.host))
    }
}

/// The first address that answers. One that does not must leave time for the others: within a third
/// of a second the next is tried beside it (RFC 8305 in small).
pub(super) async fn tcp(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut attempts = tokio::task::JoinSet::new();
    let (mut causes, mut blame): (_, fn(String) -> Failure) = (Vec::new(), Failure::Down);
    let mut left = addresses.iter().copied();
    loop {
        match left.next() {
            Some(address) => {
                attempts.spawn(async move { (address, TcpStream::connect(address).await) });
            }
            None if attempts.is_empty() => break,
            None => {}
        }
        let patience = if left.len() == 0 { Duration::MAX } else { Duration::from_millis(300) };
        let Ok(Some(attempt)) = timeout(patience, attempts.join_next()).await else { continue };
        match attempt {
            Ok((_, Ok(stream))) => {
                stream.set_nodelay(true).map_err(|error| Failure::Down(error.to_string()))?;
                return Ok(stream);
            }
            Ok((address, Err(error))) => {
                if is_lack(&error) {
                    blame = Failure::Lacking;
                }
                causes.push(format!("{address}: {error}"));
            }
            Err(error) => causes.push(error.to_string()),
        }
    }
    Err(blame(format!("no TCP connection: {}", causes.join("; "))))
}

/// Whether it is this machine that has no room for one more connection.
pub(super) fn is_lack(error: &io::Error) -> bool {
    /// errno(3): ENFILE, EMFILE, ENOBUFS.
    const NO_ROOM: [i32; 3] = [23, 24, 105];
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| NO_ROOM.contains(&code))
}

/// RFC 4511 §4.14. Reads not a byte beyond the answer: what follows in the open is not part of what
/// TLS protects, and belongs to nobody.
async fn start_tls(stream: &mut TcpStream) -> Result<(), String> {
    const QUESTION: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
    let broke = |error: io::Error| format!("the host did not answer StartTLS: {error}");
    let nonsense = |ber::Nonsense(expected)| {
        format!("the host answered StartTLS with nonsense: expected {expected}")
    };
    stream.write_all(QUESTION).await.map_err(broke)?;
    let mut answer = Vec::new();
    let length = loop {
        match ber::length(&answer).map_err(nonsense)? {
            Some(length) if length <= LONGEST_ANSWER => break length,
            Some(_) => return Err(nonsense(ber::Nonsense("less"))),
            None => answer.push(stream.read_u8().await.map_err(broke)?),
        }
    };
    let header = answer.len();
    answer.resize(length, 0);
    stream.read_exact(answer.get_mut(header..).unwrap_or_default()).await.map_err(broke)?;
    let mut question = awaited(QUESTION)
        .map_err(nonsense)?
        .ok_or_else(|| nonsense(ber::Nonsense("a question")))?;
    match question.judge(&answer).map_err(nonsense)? {
        Verdict::Last { code: 0, .. } => Ok(()),
        Verdict::Last { code, .. } => Err(format!(
            "the host refuses StartTLS with result {code}, and without TLS nothing is said to it"
        )),
        _ => Err("the host refuses StartTLS, and without TLS nothing is said to it".to_owned()),
    }
}

/// Puts ldap3 behind the guard.
pub(super) async fn over<N>(network: N) -> Result<Connection, Failure>
where
    N: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broke = |error: io::Error| Failure::Lacking(format!("no sockets are left: {error}"));
    let (inside, outside) = Pair::pair().map_err(broke)?;
    outside.set_nonblocking(true).map_err(broke)?;
    let outside = UnixStream::from_std(outside).map_err(broke)?;
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(inside));
    let (driver, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///")
        .await
        .map_err(|error| Failure::Lacking(error.to_string()))?;
    let ended: Ended = Arc::new(OnceLock::new());
    tokio::spawn(driver.drive());
    tokio::spawn(relay(network, outside, Arc::clone(&ended)));
    Ok(Connection { ldap, ended, worked: Instant::now() })
}
