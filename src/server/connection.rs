//! One connection: its handshake, its requests, its end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Body, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::activity::{Activity, Noted, Verdict};
use super::body::{BodyRefused, Bounded};
use super::{Limits, Phase, Site, Tls, without_delay};

/// The certificate that the client presented in its TLS handshake, as DER, its key proved and
/// nothing else checked. Part of every request's data.
#[derive(Clone, Debug, Default)]
pub struct PeerCertificate(pub Option<Arc<[u8]>>);

/// What is the same for all requests of a connection.
struct Origin {
    site: Arc<Site>,
    activity: Activity,
    local: LocalAddr,
    remote: RemoteAddr,
    scheme: Scheme,
    certificate: PeerCertificate,
}

/// Serves a connection until it ends. Its errors are the client's, and not worth more than debug.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    site: Arc<Site>,
    phase: watch::Receiver<Phase>,
) {
    without_delay(&stream);
    let Ok(local) = stream.local_addr() else { return };
    let mut origin = Origin {
        site: Arc::clone(&site),
        activity: Activity::begin(),
        local: LocalAddr(Addr::SocketAddr(local)),
        remote: RemoteAddr(Addr::SocketAddr(peer)),
        scheme: Scheme::HTTP,
        certificate: PeerCertificate::default(),
    };
    let Some(tls) = &site.tls else {
        return exchange(stream, false, origin, phase).await;
    };
    let Some(stream) = handshake(tls, stream, site.limits.header_timeout).await else { return };
    let session = stream.get_ref().1;
    let http2 = session.alpn_protocol() == Some(b"h2");
    origin.scheme = Scheme::HTTPS;
    origin.certificate = PeerCertificate(
        session.peer_certificates().and_then(<[_]>::first).map(|der| Arc::from(der.as_ref())),
    );
    exchange(stream, http2, origin, phase).await;
}

async fn handshake(
    tls: &Tls,
    stream: TcpStream,
    limit: Duration,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    match timeout(limit, TlsAcceptor::from(tls.current()).accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("TLS handshake took too long");
            None
        }
    }
}

/// The version is known beforehand, from ALPN or by the lack of TLS: hyper's own detection waits
/// for ever on a client that sends nothing.
fn protocol(http2: bool, limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let head = usize::try_from(limits.head).unwrap_or(usize::MAX);
    builder.http1().max_buf_size(head.max(8192)).header_read_timeout(None);
    builder.http2().max_concurrent_streams(limits.streams).max_header_list_size(limits.head);
    if http2 { builder.http2_only() } else { builder.http1_only() }
}

async fn exchange<S>(socket: S, http2: bool, origin: Origin, mut phase: watch::Receiver<Phase>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let origin = Arc::new(origin);
    let limits = &origin.site.limits;
    let builder = protocol(http2, limits);
    let socket = Noted { socket, activity: origin.activity.clone(), reads_heads: !http2 };
    let service = service_fn(|request| answer(request, Arc::clone(&origin)));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service));
    let mut closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection failed");
                }
                return;
            }
            changed = phase.changed() => {
                if changed.is_err() || *phase.borrow_and_update() == Phase::Over {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
            () = sleep_until(Instant::now() + limits.header_timeout) => {
                match origin.activity.judge(limits) {
                    Verdict::Fine => {}
                    Verdict::Idle if !closing => {
                        closing = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    Verdict::Idle | Verdict::Stalled => return,
                }
            }
        }
    }
}

async fn answer(
    mut request: hyper::Request<Incoming>,
    origin: Arc<Origin>,
) -> Result<hyper::Response<BoxBody<hyper::body::Bytes, std::io::Error>>, Infallible> {
    let under_way = origin.activity.request();
    let site = &origin.site;
    let has_body = !request.body().is_end_stream();
    request.extensions_mut().insert(origin.certificate.clone());
    let mut request: Request =
        (request, origin.local.clone(), origin.remote.clone(), origin.scheme.clone()).into();
    if has_body {
        let body = BoxBody::from(request.take_body());
        let bounded = Bounded::new(body, site.limits.body, site.limits.body_timeout);
        request.set_body(Body::from(BoxBody::new(bounded)));
    }
    let response = site.endpoint.call(request).await.unwrap_or_else(reply);
    drop(under_way);
    Ok(response.into())
}

/// An error that the endpoint left to us.
fn reply(error: poem::Error) -> Response {
    match BodyRefused::of(&error) {
        Some(refused) => poem::Error::new(refused, refused.status()).into_response(),
        None => error.into_response(),
    }
}
