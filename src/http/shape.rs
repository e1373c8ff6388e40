//! The shape of every error that no handler answers: a page for people, OAuth JSON for machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};

use crate::protocol::Code;
use crate::server::BodyRefused;

use super::cookies::reference;
use super::fault;
use super::observe::{Panicked, keep_route, wants_page};
use super::openapi::Document;
use super::pages::Failure;
use super::provider::Provider;

/// Paths whose visitors are people.
const PAGES: [&str; 9] = [
    "/",
    "/login",
    "/login/password",
    "/consent",
    "/choice",
    "/logout",
    "/docs",
    "/oauth2/authorize",
    "/oauth2/logout",
];

/// Turns errors into answers.
pub struct Shape {
    provider: Arc<Provider>,
    allowed: Arc<BTreeMap<String, String>>,
}

impl Shape {
    pub fn new(provider: Arc<Provider>, document: &Document) -> Self {
        Self { provider, allowed: Arc::new(document.allowed()) }
    }
}

impl<E: Endpoint> Middleware<E> for Shape {
    type Output = Shaped<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Shaped { inner, provider: self.provider.clone(), allowed: self.allowed.clone() }
    }
}

pub struct Shaped<E> {
    inner: E,
    provider: Arc<Provider>,
    allowed: Arc<BTreeMap<String, String>>,
}

impl<E: Endpoint> Endpoint for Shaped<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let wants_page = wants_page(request.headers());
        let reference = reference(&request);
        let error = match self.inner.call(request).await {
            Ok(response) => return Ok(response.into_response()),
            Err(error) => error,
        };
        let known = self.allowed.iter().find(|(template, _)| fits(template, &path));
        let page = PAGES.contains(&path.as_str()) || known.is_none() && wants_page;
        let status = BodyRefused::of(&error).map_or(error.status(), BodyRefused::status);
        let mut response = self.answer(status, page, &reference);
        if status == StatusCode::METHOD_NOT_ALLOWED
            && let Some(Ok(methods)) = known.map(|(_, methods)| HeaderValue::from_str(methods))
        {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        keep_route(&error, &mut response);
        Ok(response)
    }
}

impl<E> Shaped<E> {
    fn answer(&self, status: StatusCode, page: bool, reference: &str) -> Response {
        let sentence = match status {
            StatusCode::NOT_FOUND => "there is nothing at this address",
            StatusCode::METHOD_NOT_ALLOWED => "this address does not know this method",
            StatusCode::PAYLOAD_TOO_LARGE => "the request is too large",
            StatusCode::REQUEST_TIMEOUT => "the request took too long to arrive",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                "the body must be application/x-www-form-urlencoded"
            }
            status if status.is_client_error() => "the request is malformed",
            _ => "the server failed",
        };
        answer(&self.provider, status, sentence, page, reference)
    }
}

/// Whether a path is one that the template (`/assets/{name}`) stands for.
fn fits(template: &str, path: &str) -> bool {
    let mut pairs = template.split('/').zip(path.split('/'));
    template.matches('/').count() == path.matches('/').count()
        && pairs.all(|(part, given)| part == given || part.starts_with('{'))
}

fn answer(
    provider: &Provider,
    status: StatusCode,
    sentence: &str,
    page: bool,
    reference: &str,
) -> Response {
    if page {
        let mut capital = sentence.to_owned();
        if let Some(first) = capital.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        provider.pages.fail(status, &Failure::new(format!("{capital}."), reference))
    } else {
        let code = if status.is_client_error() { Code::InvalidRequest } else { Code::ServerError };
        fault::json(status, &code.because(sentence))
    }
}

/// What is answered when a handler panics.
pub fn rescue(provider: Arc<Provider>) -> impl Fn(&Panicked<'_>) -> Response + Send + Sync {
    move |panicked| {
        let page = PAGES.contains(&panicked.path) || panicked.wants_page;
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        answer(&provider, status, "the server failed", page, panicked.reference.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_stands_for_paths_of_its_length() {
        assert!(fits("/assets/{name}", "/assets/favicon.svg"));
        assert!(fits("/", "/"));
        for path in ["/assets", "/assets/a/b", "/other/favicon.svg", "/"] {
            assert!(!fits("/assets/{name}", path), "{path}");
        }
    }
}
