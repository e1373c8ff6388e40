//! Applications that are not who they say, and pages that may not read our answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::offline;
use crate::support::{App, Op, Registration, basic};

const ENDPOINTS: [&str; 2] = ["/oauth2/token", "/oauth2/revoke"];

/// The statuses of a request with these `Authorization` headers and a form, at each endpoint that authenticates clients.
async fn statuses(op: &Op, authorization: &[&[u8]], form: &[(&str, &str)]) -> [u16; 2] {
    let request = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")];
    let form = [&request[..], form].concat();
    let mut statuses = [0; 2];
    for (path, status) in ENDPOINTS.into_iter().zip(&mut statuses) {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append("authorization", HeaderValue::from_bytes(value).unwrap());
        }
        let response =
            op.http().post(op.url(path)).headers(headers).form(&form).send().await.unwrap();
        *status = response.status().as_u16();
        if *status == 401 {
            assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
            let body: serde_json::Value = response.json().await.unwrap();
            assert_eq!(body["error"], "invalid_client");
        }
    }
    statuses
}

/// A good client whose request is not: 400 `invalid_grant`, and 200 for a token that is none.
const AUTHENTICATED: [u16; 2] = [400, 200];
const REFUSED: [u16; 2] = [401, 401];

// CA2
#[tokio::test]
async fn nearly_the_secret_is_none() {
    let op = Op::start().await;
    let post = Registration::web().with("token_endpoint_auth_method", json!("client_secret_post"));
    let (by_header, by_form) = (op.app(Registration::web()).await, op.app(post).await);
    let wrong = |app: &App| {
        let secret = app.client_secret().to_owned();
        vec![
            String::new(),
            " ".to_owned(),
            "\t".to_owned(),
            "null".to_owned(),
            app.client_id().to_owned(),
            format!(" {secret}"),
            format!("{secret} "),
            format!("{secret}\n"),
            format!("{secret}{secret}"),
            secret[1..].to_owned(),
            secret[..42].to_owned(),
            secret.to_lowercase(),
            secret.to_uppercase(),
            vestibule::secret::hash(&secret),
        ]
    };
    for secret in wrong(&by_header) {
        let header = basic(by_header.client_id(), &secret);
        assert_eq!(statuses(&op, &[header.as_bytes()], &[]).await, REFUSED, "{secret:?}");
    }
    for secret in wrong(&by_form) {
        let form = [("client_id", by_form.client_id()), ("client_secret", secret.as_str())];
        assert_eq!(statuses(&op, &[], &form).await, REFUSED, "{secret:?}");
    }
    for app in [&by_header, &by_form] {
        assert_eq!(statuses(&op, &[], &[("client_id", app.client_id())]).await, REFUSED);
    }
    let header = basic(by_header.client_id(), by_header.client_secret());
    assert_eq!(statuses(&op, &[header.as_bytes()], &[]).await, AUTHENTICATED);
}

// CA2
#[tokio::test]
async fn a_confidential_client_whose_secret_was_lost_cannot_authenticate() {
    let (op, app) = Op::with_app().await;
    op.execute("UPDATE client SET secret_hash = NULL").await;
    for secret in ["", "null", app.client_secret()] {
        let header = basic(app.client_id(), secret);
        assert_eq!(statuses(&op, &[header.as_bytes()], &[]).await, REFUSED);
    }
    assert_eq!(statuses(&op, &[], &[("client_id", app.client_id())]).await, REFUSED);
}

// CA6
#[tokio::test]
async fn an_authorization_header_is_read_strictly() {
    let (op, app) = Op::with_app().await;
    let (id, secret) = (app.client_id(), app.client_secret());
    let good = basic(id, secret);
    let encoded = |text: &[u8]| format!("Basic {}", STANDARD.encode(text)).into_bytes();
    assert_eq!(statuses(&op, &[good.as_bytes()], &[]).await, AUTHENTICATED);
    for header in [
        b"Basic".to_vec(),
        b"Basic !!!!".to_vec(),
        b"Basic \xff\xfe".to_vec(),
        b"\xff".to_vec(),
        good.replace("Basic ", "Bearer ").into_bytes(),
        good.replace("Basic ", "").into_bytes(),
        format!("{good}AAAA").into_bytes(),
        format!("{good}, {good}").into_bytes(),
        encoded(id.as_bytes()),
        encoded(b":"),
        encoded(format!(":{secret}").as_bytes()),
        encoded(format!("{id}:").as_bytes()),
        encoded(format!("{id}:{secret}%").as_bytes()),
        encoded(format!("{id}:{secret}%zz").as_bytes()),
        encoded(format!("{id}:{secret}\0").as_bytes()),
        encoded(format!("{id}\0:{secret}").as_bytes()),
        encoded(&[id.as_bytes(), b":", secret.as_bytes(), b"\xff"].concat()),
        encoded(&[id.as_bytes(), b"%ff:", secret.as_bytes()].concat()),
    ] {
        let shown = String::from_utf8_lossy(&header).into_owned();
        assert_eq!(statuses(&op, &[&header], &[]).await, REFUSED, "{shown}");
    }
    let good = good.as_bytes();
    assert_eq!(statuses(&op, &[good, good], &[]).await, REFUSED, "twice");
    for beside in [&[("client_secret", secret)][..], &[("client_id", "somebody else")]] {
        assert_eq!(statuses(&op, &[good], beside).await, [400, 400], "{beside:?}");
    }
    assert_eq!(statuses(&op, &[good], &[("client_id", id)]).await, AUTHENTICATED);
}

/// What a browser lets a page of `origin` read.
async fn readable(op: &Op, method: &str, path: &str, origin: &str, extra: &[(&str, &str)]) -> bool {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = op.http().request(method.clone(), op.url(path)).header("origin", origin);
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    if method == Method::POST {
        request = request.form(&[
            ("token", "x"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
        ]);
    }
    let response = request.send().await.unwrap();
    let headers = response.headers();
    assert!(!headers.contains_key("access-control-allow-credentials"), "{path} {origin}");
    let allowed = headers.get_all("access-control-allow-origin");
    let allowed: Vec<_> = allowed.iter().map(|value| value.to_str().unwrap()).collect();
    match allowed[..] {
        [] => false,
        ["*"] => true,
        [echoed] => {
            assert_eq!(echoed, origin);
            assert!(headers.get_all("vary").iter().any(|value| value == "Origin"), "{path}");
            true
        }
        _ => panic!("{path}: {allowed:?}"),
    }
}

const STRANGERS: [&str; 9] = [
    "https://evil.example",
    "null",
    "https://web.example.test.evil.example",
    "https://web.example.test:8443",
    "http://web.example.test",
    "https://WEB.example.test",
    "https://web.example.test/",
    "https://xweb.example.test",
    "*",
];

// CR1
#[tokio::test]
async fn only_pages_of_registered_origins_may_ask() {
    let op = Op::start().await;
    op.app(Registration::web()).await;
    let ours = "https://web.example.test";
    for path in ["/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke"] {
        let preflight = [
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization"),
        ];
        assert!(readable(&op, "OPTIONS", path, ours, &preflight).await, "{path}");
        for stranger in STRANGERS {
            assert!(
                !readable(&op, "OPTIONS", path, stranger, &preflight).await,
                "{path} {stranger}"
            );
        }
    }
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/oauth2/jwks",
    ] {
        for origin in STRANGERS.into_iter().chain([ours]) {
            assert!(readable(&op, "GET", path, origin, &[]).await, "{path} {origin}");
            let preflight = [("access-control-request-method", "GET")];
            assert!(readable(&op, "OPTIONS", path, origin, &preflight).await, "{path} {origin}");
        }
    }
    for path in [
        "/",
        "/login",
        "/consent",
        "/logout",
        "/oauth2/authorize",
        "/oauth2/logout",
        "/assets/vestibule.css",
        "/nowhere",
    ] {
        for (method, extra) in [
            ("GET", None),
            ("POST", None),
            ("OPTIONS", Some(("access-control-request-method", "POST"))),
        ] {
            let extra: Vec<_> = extra.into_iter().collect();
            assert!(!readable(&op, method, path, ours, &extra).await, "{method} {path}");
        }
    }
}

// CR1
#[tokio::test]
async fn an_answer_is_read_by_pages_of_the_application_that_asked() {
    let op = Op::start().await;
    let (web, spa) = (op.app(Registration::web()).await, op.app(Registration::spa()).await);
    let tokens = offline(&op.browser(), &web).await;
    let (ours, theirs) = ("https://web.example.test", "https://spa.example.test");
    let of_web = basic(web.client_id(), web.client_secret());
    let bearer = format!("Bearer {}", tokens.access_token);
    for (method, path, authorization) in [
        ("POST", "/oauth2/token", &of_web),
        ("POST", "/oauth2/revoke", &of_web),
        ("GET", "/oauth2/userinfo", &bearer),
    ] {
        let sent = [("authorization", authorization.as_str())];
        assert!(readable(&op, method, path, ours, &sent).await, "{path}");
        for stranger in STRANGERS.into_iter().chain([theirs]) {
            assert!(!readable(&op, method, path, stranger, &sent).await, "{path} {stranger}");
        }
    }
    // A token that is none names no application.
    let forged = format!("Bearer {}x", tokens.access_token);
    for stranger in STRANGERS {
        let sent = [("authorization", forged.as_str())];
        assert!(!readable(&op, "GET", "/oauth2/userinfo", stranger, &sent).await, "{stranger}");
    }
    drop(spa);
}
