//! What the machine endpoints answer.

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::app::App;
use super::id_token::Claims;

/// An answer of the token, userinfo or revocation endpoint.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) app: App,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    /// What an ID Token in it must say.
    pub(super) nonce: Option<String>,
}

/// A success of the token endpoint.
#[derive(Clone, Debug)]
pub struct Tokens {
    app: App,
    nonce: Option<String>,
    pub access_token: String,
    pub refresh_token: Option<String>,
    /// The ID Token as it came.
    pub raw_id_token: Option<String>,
    pub expires_in: u64,
    pub scope: Option<String>,
}

impl Reply {
    pub(super) async fn read(app: App, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { app, status, headers, body: response.text().await.unwrap(), nonce: None }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, which must be JSON and say so.
    pub fn json(&self) -> Value {
        assert!(self.header("content-type").starts_with("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The body of a success.
    pub fn success(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// The tokens; a failure of the story if there are none.
    pub fn tokens(&self) -> Tokens {
        let body = self.success();
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(body["token_type"], "Bearer");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Tokens {
            app: self.app.clone(),
            nonce: self.nonce.clone(),
            access_token: text("access_token").unwrap_or_else(|| panic!("no access_token: {body}")),
            refresh_token: text("refresh_token"),
            raw_id_token: text("id_token"),
            expires_in: body["expires_in"]
                .as_u64()
                .unwrap_or_else(|| panic!("no expires_in: {body}")),
            scope: text("scope"),
        }
    }

    /// The `error` of a refusal in the shape of RFC 6749 §5.2.
    pub fn error(&self) -> String {
        assert!(matches!(self.status, 400 | 401), "{} {}", self.status, self.body);
        assert_eq!(self.header("cache-control"), "no-store");
        if self.status == 401 {
            assert!(!self.header("www-authenticate").is_empty(), "401 names a scheme: {self:?}");
        }
        let body = self.json();
        body["error"].as_str().unwrap_or_else(|| panic!("no error: {body}")).to_owned()
    }
}

impl Tokens {
    /// The ID Token, verified: with the `nonce` of the request, or none after a refresh.
    pub async fn id_token(&self) -> Claims {
        let raw = self.raw_id_token.as_deref().expect("an ID Token");
        let claims = self.app.verify(raw).await;
        claims.says_nonce(self.nonce.as_deref());
        if let Some(hash) = claims.get("at_hash") {
            assert_eq!(*hash, claims.hash(&self.access_token), "at_hash");
        }
        claims
    }

    pub fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("a refresh token")
    }
}
