//! What clients read before anything else: metadata and keys (OIDC Discovery 1.0 §4; RFC 8414 §3; RFC 7517).

mod schema;

use std::sync::Arc;

use poem::Response;
use poem::http::header;
use poem_openapi::OpenApi;

use super::answer::{Answer, Answers, Content, Documentation, Header};
use super::fault::Fault;
use super::openapi::Tag;
use super::provider::Provider;
use schema::{JwkSet, ProviderMetadata};

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

const KEPT: &[Header] = &[Header::always("Cache-Control", "How long it may be kept.")];

/// Answers with metadata.
struct Metadata;

impl Answers for Metadata {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::new(200, "The metadata.", Content::json::<ProviderMetadata>())
            .with(KEPT)]];
}

/// Answers with keys.
struct KeySet;

impl Answers for KeySet {
    const ANSWERS: &'static [&'static [Documentation]] =
        &[&[Documentation::new(200, "The keys.", Content::json::<JwkSet>()).with(KEPT)]];
}

#[OpenApi(tag = "Tag::Discovery")]
impl Discovery {
    /// OpenID Provider metadata
    ///
    /// OIDC Discovery 1.0 §4.
    #[oai(
        path = "/.well-known/openid-configuration",
        method = "get",
        operation_id = "openidConfiguration"
    )]
    async fn openid(&self) -> Answer<Metadata> {
        self.metadata().into()
    }

    /// Authorization server metadata
    ///
    /// The same, where RFC 8414 §3 puts it.
    #[oai(
        path = "/.well-known/oauth-authorization-server",
        method = "get",
        operation_id = "oauthAuthorizationServer"
    )]
    async fn oauth(&self) -> Answer<Metadata> {
        self.metadata().into()
    }

    /// The keys that tokens are verified with
    ///
    /// A new key is published long before it signs, a former one as long as its tokens live.
    #[oai(path = "/oauth2/jwks", method = "get", operation_id = "jwks")]
    async fn jwks(&self) -> Answer<KeySet> {
        let keys = self.provider.keys.jwks(self.provider.now());
        json(keys.to_string()).into()
    }
}

impl Discovery {
    fn metadata(&self) -> Response {
        json(self.document.clone())
    }
}

fn json(body: String) -> Response {
    Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, CACHE)
        .body(body)
}
