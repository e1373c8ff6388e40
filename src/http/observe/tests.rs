//! What is noted of a request, and what never is.

use std::io;
use std::sync::Mutex;

use poem::web::{Data, RemoteAddr};
use poem::{EndpointExt, Route, get, handler};
use tracing::subscriber::DefaultGuard;

use super::*;
use crate::http::operations::Metrics;

#[handler]
fn index(Data(id): Data<&RequestId>, Data(address): Data<&ClientAddress>) -> Response {
    Response::builder().header("location", "https://app.example/#code=SECRET").body(format!(
        "{} {}",
        id.as_str(),
        address.0
    ))
}

#[handler]
fn broken() -> &'static str {
    panic!("with SECRET inside")
}

fn application() -> impl Endpoint<Output = Response> {
    let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let rescue = |panicked: &Panicked<'_>| {
        let body = format!("{} {} {}", panicked.path, panicked.reference, panicked.wants_page);
        Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body(body)
    };
    Route::new()
        .at("/", get(index))
        .at("/broken", get(broken))
        .nest("/people", Route::new().at("/:name", get(index)))
        .with(Observe::new(proxies, rescue))
}

async fn request(peer: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().uri(path.parse().unwrap());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let from = RemoteAddr(Addr::SocketAddr(format!("{peer}:4711").parse().unwrap()));
    let (parts, body) = request.finish().into_parts();
    let mut parts_of_http = poem::http::Request::builder()
        .method(parts.method)
        .uri(parts.uri)
        .body(())
        .unwrap()
        .into_parts()
        .0;
    parts_of_http.headers = parts.headers;
    let parts =
        (parts_of_http, poem::web::LocalAddr::default(), from, poem::http::uri::Scheme::HTTP);
    application().call(Request::from_parts(parts.into(), body)).await.unwrap()
}

async fn text(response: Response) -> String {
    response.into_body().into_string().await.unwrap()
}

#[tokio::test]
async fn a_request_has_an_id_of_its_own() {
    let first = request("203.0.113.9", "/", &[]).await;
    let second = request("203.0.113.9", "/", &[]).await;
    let id = first.headers()[REQUEST_ID].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 22);
    assert_ne!(id, second.headers()[REQUEST_ID].to_str().unwrap());
    assert_eq!(text(first).await, format!("{id} 203.0.113.9"));
}

#[tokio::test]
async fn an_id_is_believed_from_a_proxy_and_only_if_well_formed() {
    let long = "a".repeat(65);
    for (peer, id, believed) in [
        ("10.0.0.1", "0af7651916cd43dd8448eb211c80319c", true),
        ("10.0.0.1", "b3c0-4a1f_x.y", true),
        ("203.0.113.9", "0af7651916cd43dd8448eb211c80319c", false),
        ("10.0.0.1", "short", false),
        ("10.0.0.1", &long, false),
        ("10.0.0.1", "with a space", false),
        ("10.0.0.1", "quote\"quote", false),
    ] {
        let response = request(peer, "/", &[("x-request-id", id)]).await;
        assert_eq!(response.headers()[REQUEST_ID] == id, believed, "{id} from {peer}");
    }
}

#[tokio::test]
async fn the_address_of_the_client_is_request_data() {
    let header = [("x-forwarded-for", "198.51.100.7")];
    assert!(text(request("10.0.0.1", "/", &header).await).await.ends_with(" 198.51.100.7"));
    assert!(text(request("203.0.113.9", "/", &header).await).await.ends_with(" 203.0.113.9"));
}

#[tokio::test]
async fn a_panic_is_answered_and_keeps_its_reference() {
    let page = request("203.0.113.9", "/broken", &[("accept", "text/html,*/*")]).await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = page.headers()[REQUEST_ID].to_str().unwrap().to_owned();
    assert_eq!(text(page).await, format!("/broken {id} true"));
    let json = request("203.0.113.9", "/broken", &[("accept", "application/json")]).await;
    assert!(text(json).await.ends_with(" false"));
}

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    /// Collects what is logged on this thread, as long as the guard lives.
    fn laid_out(&self) -> DefaultGuard {
        crate::identity::fixture::hear_every_thread();
        let paper = self.clone();
        let layer = tracing_subscriber::fmt().with_writer(move || paper.clone()).with_ansi(false);
        tracing::subscriber::set_default(layer.finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// LG1
#[tokio::test]
async fn one_line_tells_of_a_request_without_its_query_or_location() {
    let paper = Paper::default();
    let guard = paper.laid_out();
    let response =
        request("203.0.113.9", "/people/alice?code=SECRET", &[("cookie", "SECRET")]).await;
    drop(guard);
    let log = paper.text();
    assert_eq!(log.lines().count(), 1, "{log}");
    let id = response.headers()[REQUEST_ID].to_str().unwrap();
    let expected =
        ["GET", "path=\"/people/alice\"", "status=200", "client=203.0.113.9", "microseconds=", id];
    for expected in expected {
        assert!(log.contains(expected), "{expected} in {log}");
    }
    assert!(!log.contains("SECRET"), "{log}");
}

#[tokio::test]
async fn requests_are_counted_under_their_route() {
    let metrics = Metrics::open();
    for path in ["/people/alice", "/people/bob", "/nowhere/at/all", "/broken"] {
        request("203.0.113.9", path, &[]).await;
    }
    let text = metrics.render();
    for labels in [
        r#"{method="GET",route="/people/:name",status="2xx"}"#,
        r#"{method="GET",route="none",status="4xx"}"#,
        r#"{method="GET",route="none",status="5xx"}"#,
    ] {
        let expected = format!("vestibule_http_requests_total{labels} ");
        assert!(text.contains(&expected), "{expected} in {text}");
    }
    for name in ["alice", "bob", "nowhere"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
}
