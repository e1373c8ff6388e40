//! What clients read before anything else: metadata and keys (OIDC Discovery 1.0 §4; RFC 8414 §3; RFC 7517).

use std::sync::Arc;

use poem::Response;
use poem::http::header;
use poem_openapi::OpenApi;
use poem_openapi::types::Any;
use serde_json::{Map, Value};

use super::answer::{Answer, Answers, Content, Documentation};
use super::cookies::Visitor;
use super::fault::{self, Fault};
use super::provider::Provider;
use super::token::OAuthError;

/// How long metadata and keys may be kept by whoever reads them. A new key is published long before it signs.
const CACHE: &str = "public, max-age=300";

pub struct Discovery {
    provider: Arc<Provider>,
    document: String,
}

impl Discovery {
    pub fn new(provider: Arc<Provider>) -> Result<Self, Fault> {
        let document = serde_json::to_string(&provider.document())?;
        Ok(Self { provider, document })
    }
}

impl Answers for Discovery {
    const ANSWERS: &'static [Documentation] = &[
        Documentation::new(200, "The document.", Content::json::<Any<Map<String, Value>>>())
            .with(&[("Cache-Control", "How long it may be kept.")]),
        Documentation::new(500, "The server failed.", Content::json::<OAuthError>()),
        Documentation::new(503, "The server cannot answer now.", Content::json::<OAuthError>()),
    ];
}

#[OpenApi]
impl Discovery {
    /// OpenID Provider metadata
    #[oai(
        path = "/.well-known/openid-configuration",
        method = "get",
        operation_id = "openidConfiguration"
    )]
    async fn openid(&self) -> Answer<Self> {
        self.metadata().into()
    }

    /// Authorization server metadata
    #[oai(
        path = "/.well-known/oauth-authorization-server",
        method = "get",
        operation_id = "oauthAuthorizationServer"
    )]
    async fn oauth(&self) -> Answer<Self> {
        self.metadata().into()
    }

    /// The keys that tokens are verified with
    #[oai(path = "/oauth2/jwks", method = "get", operation_id = "jwks")]
    async fn jwks(&self, visitor: Visitor) -> Answer<Self> {
        let keys = self.provider.keys.jwks(self.provider.now());
        let response = json("application/json", keys.to_string());
        fault::machine(Ok(response), &visitor.reference).into()
    }
}

impl Discovery {
    fn metadata(&self) -> Response {
        json("application/json", self.document.clone())
    }
}

fn json(media_type: &str, body: String) -> Response {
    Response::builder().content_type(media_type).header(header::CACHE_CONTROL, CACHE).body(body)
}
