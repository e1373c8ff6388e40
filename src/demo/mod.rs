//! The demo application: a single-page application on an origin of its own (OIDC Core §3.1, §3.2; RFC 7636; RP-Initiated Logout).
//!
//! It stands for anybody's application: it knows the issuer and its own client id, and all else it asks over HTTP, across
//! origins. Static files from `templates/demo`, and `/config.json`.

use std::{borrow::Cow, collections::BTreeMap};

use poem::{
    Endpoint, Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use serde_json::json;

use crate::{config::Issuer, http::pages::Embedded};

/// The path of its redirect URI.
pub const REDIRECTION: &str = "/callback";

/// The path of its post-logout redirect URI.
pub const SIGNED_OUT: &str = "/";

struct Application {
    files: BTreeMap<&'static str, (&'static str, Cow<'static, [u8]>)>,
    policy: HeaderValue,
}

/// The application as an endpoint that answers every path of its origin.
pub fn application(issuer: &Issuer, client_id: &str) -> impl Endpoint<Output = Response> + use<> {
    let config = json!({ "issuer": issuer.as_str(), "client_id": client_id }).to_string();
    let files = [
        ("/", "text/html; charset=utf-8", file("demo/index.html")),
        (REDIRECTION, "text/html; charset=utf-8", file("demo/index.html")),
        ("/demo.js", "text/javascript; charset=utf-8", file("demo/demo.js")),
        ("/demo.css", "text/css; charset=utf-8", file("demo/demo.css")),
        ("/demo.svg", "image/svg+xml", file("demo/demo.svg")),
        ("/config.json", "application/json", Cow::Owned(config.into_bytes())),
    ];
    Application {
        files: files.into_iter().map(|(path, kind, content)| (path, (kind, content))).collect(),
        policy: policy(issuer),
    }
}

fn file(path: &str) -> Cow<'static, [u8]> {
    Embedded::get(path).map(|file| file.data).unwrap_or_default()
}

fn policy(issuer: &Issuer) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        issuer.as_str()
    );
    HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

impl Endpoint for Application {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Some((kind, content)) = self.files.get(request.uri().path()) else {
            return Ok(StatusCode::NOT_FOUND.into());
        };
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(Response::builder()
                .status(StatusCode::METHOD_NOT_ALLOWED)
                .header(header::ALLOW, "GET, HEAD")
                .finish());
        }
        Ok(Response::builder()
            .content_type(kind)
            .header(header::CONTENT_SECURITY_POLICY, &self.policy)
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::REFERRER_POLICY, "no-referrer")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .body(content.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(method: Method, path: &str) -> Response {
        let issuer = Issuer::parse("http://127.0.0.1:8080").unwrap();
        let request = Request::builder().method(method).uri_str(path).finish();
        application(&issuer, "demo-spa").get_response(request).await
    }

    #[tokio::test]
    async fn every_file_of_the_application_is_there() {
        for path in ["/", "/callback", "/callback?code=x", "/demo.js", "/demo.css", "/demo.svg"] {
            let mut response = ask(Method::GET, path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert!(!response.take_body().into_bytes().await.unwrap().is_empty(), "{path}");
        }
        for path in ["/index.html", "/../login.html", "/demo.js/", "/%2e%2e/base.html", "//demo.js"]
        {
            assert_eq!(ask(Method::GET, path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(ask(Method::POST, "/").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn the_application_is_told_issuer_and_client() {
        let mut response = ask(Method::GET, "/config.json").await;
        let told: serde_json::Value = response.take_body().into_json().await.unwrap();
        assert_eq!(told, json!({ "issuer": "http://127.0.0.1:8080", "client_id": "demo-spa" }));
    }

    #[tokio::test]
    async fn it_may_speak_to_its_issuer_alone() {
        let response = ask(Method::GET, "/").await;
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("connect-src 'self' http://127.0.0.1:8080;"), "{policy}");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
