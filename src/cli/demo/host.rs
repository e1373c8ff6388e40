//! The demo answers to its own name alone (threat HH1): a page of another site that has its name
//! resolve to this machine (DNS rebinding) gets nothing.

use poem::http::{StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response, Result};

use crate::config::Issuer;

/// An endpoint that refuses requests for any other host.
pub(super) struct Own<E> {
    inner: E,
    issuer: String,
    authority: String,
}

impl<E> Own<E> {
    pub(super) fn new(inner: E, issuer: &Issuer) -> Self {
        let authority = issuer.as_str().trim_start_matches("http://").to_owned();
        Self { inner, issuer: issuer.to_string(), authority }
    }
}

impl<E: Endpoint> Endpoint for Own<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let named = match request.uri().authority() {
            Some(authority) => Some(authority.as_str()),
            None => request.headers().get(header::HOST).and_then(|host| host.to_str().ok()),
        };
        if named != Some(self.authority.as_str()) {
            let sentence =
                format!("This is the demo of Vestibule. It answers at {} alone.\n", self.issuer);
            return Ok(Response::builder()
                .status(StatusCode::MISDIRECTED_REQUEST)
                .content_type("text/plain; charset=utf-8")
                .body(sentence));
        }
        self.inner.call(request).await.map(IntoResponse::into_response)
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;

    use super::*;

    async fn status(host: Option<&str>) -> StatusCode {
        let issuer = Issuer::parse("http://127.0.0.1:8080").unwrap();
        let own = Own::new(make_sync(|_| "hello"), &issuer);
        let request = Request::builder().uri_str("/");
        let request = match host {
            Some(host) => request.header("host", host),
            None => request,
        };
        own.call(request.finish()).await.unwrap().status()
    }

    // HH1
    #[tokio::test]
    async fn only_the_demos_own_name_is_answered() {
        assert_eq!(status(Some("127.0.0.1:8080")).await, StatusCode::OK);
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:8081",
            "localhost:8080",
            "",
        ] {
            assert_eq!(status(Some(host)).await, StatusCode::MISDIRECTED_REQUEST, "{host}");
        }
        assert_eq!(status(None).await, StatusCode::MISDIRECTED_REQUEST);
    }
}
