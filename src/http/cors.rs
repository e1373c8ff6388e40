//! Which pages may read our answers (Fetch standard, CORS protocol). Never with credentials: no machine endpoint reads a cookie.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Middleware, Request, Response};

use super::clients::Registered;
use super::cookies::Visitor;
use super::provider::Provider;

/// Endpoints for everyone: discovery and keys are public.
const PUBLIC: [&str; 4] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/oauth2/jwks",
    "/openapi.json",
];

/// Endpoints for the registered origins of the client that asks.
const OF_CLIENTS: [&str; 3] = ["/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke"];

impl Provider {
    /// Lets a page of the client's registered origins read the answer.
    pub fn allow_origin(
        &self,
        response: &mut Response,
        visitor: &Visitor,
        registered: Option<&Registered>,
    ) {
        vary(response.headers_mut());
        let Some(origin) = visitor.origin() else { return };
        let is_theirs = registered.is_some_and(|known| {
            known.client.origins().iter().any(|known| known.as_bytes() == origin.as_bytes())
        });
        if is_theirs {
            allow(response.headers_mut(), origin);
        }
    }

    /// Lets a page of any registered origin read the answer, where it says nothing about a client. When that cannot be found out, no
    /// page reads it.
    pub async fn allow_any_registered_origin(&self, response: &mut Response, visitor: &Visitor) {
        vary(response.headers_mut());
        let Some(origin) = visitor.origin() else { return };
        let Ok(text) = origin.to_str() else { return };
        match self.clients.any_has_origin(text).await {
            Ok(true) => allow(response.headers_mut(), origin),
            Ok(false) => {}
            Err(fault) => tracing::error!(reference = visitor.reference, %fault, "fault"),
        }
    }
}

fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let exposed = HeaderValue::from_static("WWW-Authenticate, Retry-After");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// Answers preflights, and opens the public endpoints to everyone.
pub struct Cors(pub Arc<Provider>);

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        CorsEndpoint { inner, provider: self.0.clone() }
    }
}

pub struct CorsEndpoint<E> {
    inner: E,
    provider: Arc<Provider>,
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        let public = PUBLIC.contains(&path);
        let preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && (public || OF_CLIENTS.contains(&path));
        if preflight {
            return Ok(self.preflight(&request, public).await);
        }
        let mut response = self.inner.get_response(request).await;
        if public {
            let anyone = HeaderValue::from_static("*");
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
        }
        Ok(response)
    }
}

impl<E: Endpoint> CorsEndpoint<E> {
    /// A preflight names no client: any registered origin passes, and the answer to the request itself decides.
    async fn preflight(&self, request: &Request, public: bool) -> Response {
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        let headers = response.headers_mut();
        vary(headers);
        let Some(origin) = request.headers().get(header::ORIGIN) else { return response };
        let known = match origin.to_str() {
            Ok(origin) if !public => self.provider.clients.any_has_origin(origin).await,
            Ok(_) => Ok(true),
            Err(_) => Ok(false),
        };
        match known {
            Ok(true) => {
                allow(headers, origin);
                for (name, value) in [
                    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
                    (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"),
                    (header::ACCESS_CONTROL_MAX_AGE, "600"),
                ] {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            Ok(false) => {}
            Err(fault) => {
                tracing::error!(%fault, "fault");
                response.set_status(fault.status());
            }
        }
        response
    }
}
