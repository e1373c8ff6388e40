//! What the operator sees of every request: its id, one line of the log, its metrics, its panic.
//!
//! Outermost of all middleware. *Why our own:* poem's metrics and traces are pinned to old versions of
//! their crates, and its log lines hold queries, which hold codes.

use std::fmt;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use metrics::SharedString;
use poem::http::header::ACCEPT;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Addr, Endpoint, IntoResponse, Middleware, PathPattern, Request, Response};
use tracing::Instrument;

use super::proxy::Proxies;
use crate::secret;

/// Sent with every answer; believed from a proxy of ours.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer paths are cut in the log.
const LONGEST_PATH: usize = 256;

/// The name of a request in the log, and the reference on its error page. Data of every request.
#[derive(Clone, Debug)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A proxy's own, so that both logs tell of the same request, or else a new one.
    fn of(headers: &HeaderMap, proxied: bool) -> Self {
        let given = headers.get(REQUEST_ID).filter(|_| proxied).and_then(|id| id.to_str().ok());
        match given.filter(|id| is_well_formed(id)) {
            Some(id) => Self(id.into()),
            None => Self(secret::id().into()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_well_formed(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (8..=64).contains(&id.len()) && id.bytes().all(known)
}

/// Where the request comes from, as far as it can be believed. Data of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// A request whose endpoint panicked. The log holds the rest, under the same reference.
pub struct Panicked<'a> {
    pub reference: &'a RequestId,
    pub path: &'a str,
    /// A browser waits for a page, not an application for JSON.
    pub wants_page: bool,
}

/// Notes every request; `rescue` makes the answer when one panics.
pub struct Observe<R> {
    proxies: Proxies,
    rescue: Arc<R>,
}

impl<R: Fn(&Panicked<'_>) -> Response> Observe<R> {
    pub fn new(proxies: Proxies, rescue: R) -> Self {
        Self { proxies, rescue: Arc::new(rescue) }
    }
}

impl<E, R> Middleware<E> for Observe<R>
where
    E: Endpoint,
    R: Fn(&Panicked<'_>) -> Response + Send + Sync + 'static,
{
    type Output = Observed<E, R>;

    fn transform(&self, endpoint: E) -> Observed<E, R> {
        Observed { endpoint, proxies: self.proxies.clone(), rescue: Arc::clone(&self.rescue) }
    }
}

/// An endpoint whose requests are noted.
pub struct Observed<E, R> {
    endpoint: E,
    proxies: Proxies,
    rescue: Arc<R>,
}

impl<E, R> Endpoint for Observed<E, R>
where
    E: Endpoint,
    R: Fn(&Panicked<'_>) -> Response + Send + Sync + 'static,
{
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let begun = Instant::now();
        let peer = peer(&request);
        let id = RequestId::of(request.headers(), self.proxies.trust(peer));
        let client = self.proxies.client(peer, request.headers());
        request.set_data(id.clone());
        request.set_data(ClientAddress(client));
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let wants_page = wants_page(request.headers());

        let span = tracing::info_span!("request", request = id.as_str());
        let answer = caught(self.endpoint.call(request)).instrument(span.clone()).await;
        let mut response = match answer {
            Some(Ok(response)) => response.into_response(),
            Some(Err(error)) => error.into_response(),
            None => (self.rescue)(&Panicked { reference: &id, path: &path, wants_page }),
        };
        if let Ok(id) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }

        let took = begun.elapsed();
        let status = response.status();
        count(&method, response.data(), status, took);
        span.in_scope(|| {
            tracing::info!(
                target: "vestibule::access",
                method = method.as_str(),
                path = path.get(..path.floor_char_boundary(LONGEST_PATH)),
                status = status.as_u16(),
                microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                client = %client,
                "answered"
            );
        });
        Ok(response)
    }
}

/// Lets the answer to an error be counted under the route that it came from; for whoever turns
/// errors into answers.
pub fn keep_route(error: &poem::Error, response: &mut Response) {
    if let Some(route) = error.data::<PathPattern>() {
        response.set_data(route.clone());
    }
}

/// None if the endpoint panicked. What the panic said is logged by the hook of `log`.
async fn caught<T>(call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

fn peer(request: &Request) -> IpAddr {
    match request.remote_addr().0 {
        Addr::SocketAddr(address) => address.ip(),
        // Requests of tests that have no socket; no proxy has this address.
        _ => Ipv4Addr::UNSPECIFIED.into(),
    }
}

pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Labels take few values, whatever is sent: a route's pattern, never a path.
fn count(method: &Method, route: Option<&PathPattern>, status: StatusCode, took: Duration) {
    // What matches nothing within a nested service has the empty pattern.
    let route = match route {
        Some(route) if !route.0.is_empty() => SharedString::from_shared(Arc::clone(&route.0)),
        _ => SharedString::const_str("none"),
    };
    let labels = [
        ("method", SharedString::const_str(known(method))),
        ("route", route),
        ("status", SharedString::const_str(class(status))),
    ];
    metrics::counter!("vestibule_http_requests_total", &labels).increment(1);
    metrics::histogram!("vestibule_http_request_duration_seconds", &labels)
        .record(took.as_secs_f64());
}

fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests;
