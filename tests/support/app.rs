//! A client application: what it registered, what it asks, what it gets.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use vestibule::secret;

use super::answer::Code;
use super::id_token::{self, Claims};
use super::time::Time;
use super::token::Reply;

/// Metadata to register, under the names of RFC 7591 and OIDC Registration.
#[derive(Clone, Debug)]
pub struct Registration(pub(super) Map<String, Value>);

impl Registration {
    /// A web application with a secret that it shows by HTTP Basic. It uses codes, and refresh tokens.
    pub fn web() -> Self {
        Self::named("web", "client_secret_basic")
    }

    /// An application in the browser: no secret, a code with PKCE.
    pub fn spa() -> Self {
        Self::named("spa", "none")
    }

    fn named(name: &str, token_endpoint_auth_method: &str) -> Self {
        let registration = Self(Map::new())
            .with("client_name", json!(format!("The {name} application")))
            .with("redirect_uris", json!([format!("https://{name}.example.test/callback")]))
            .with(
                "post_logout_redirect_uris",
                json!([format!("https://{name}.example.test/signed_out")]),
            )
            .with("scope", json!("openid profile email address phone offline_access"))
            .with("token_endpoint_auth_method", json!(token_endpoint_auth_method));
        registration.response_types(&["code"])
    }

    /// Registers these response types, and the grant types that they need.
    pub fn response_types(self, response_types: &[&str]) -> Self {
        let words: BTreeSet<_> = response_types.iter().flat_map(|words| words.split(' ')).collect();
        let mut grant_types = Vec::new();
        if words.contains("code") {
            grant_types.extend(["authorization_code", "refresh_token"]);
        }
        if words.contains("token") || words.contains("id_token") {
            grant_types.push("implicit");
        }
        self.with("response_types", json!(response_types)).with("grant_types", json!(grant_types))
    }

    /// One member; null when absent.
    pub fn member(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// Sets one member.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

/// A registered application. Clones are the same one.
#[derive(Clone)]
pub struct App(pub(super) Arc<Registered>);

#[derive(Clone)]
pub(super) struct Registered {
    pub(super) http: reqwest::Client,
    pub(super) issuer: Url,
    pub(super) time: Time,
    pub(super) client_id: String,
    pub(super) client_secret: Option<String>,
    pub(super) metadata: Map<String, Value>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("App").field(&self.client_id()).finish()
    }
}

impl App {
    /// An application of a provider in another process, where it has been registered so.
    pub fn registered(
        http: &reqwest::Client,
        issuer: &str,
        (client_id, client_secret): (&str, &str),
        registration: Registration,
    ) -> Self {
        Self(Arc::new(Registered {
            http: http.clone(),
            issuer: Url::parse(issuer).unwrap(),
            time: Time::new(),
            client_id: client_id.to_owned(),
            client_secret: Some(client_secret.to_owned()),
            metadata: registration.0,
        }))
    }

    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// The secret, of an application that has one.
    pub fn client_secret(&self) -> &str {
        self.0.client_secret.as_deref().expect("a public client has no secret")
    }

    /// The first redirect URI that it registered.
    pub fn redirect_uri(&self) -> &str {
        self.0.metadata["redirect_uris"][0].as_str().unwrap()
    }

    /// The first URI to which people may return after signing out.
    pub fn post_logout_redirect_uri(&self) -> &str {
        self.0.metadata["post_logout_redirect_uris"][0].as_str().unwrap()
    }

    /// The `iss` that it expects.
    pub fn issuer(&self) -> &str {
        self.0.issuer.as_str().trim_end_matches('/')
    }

    /// The same application, except that it authenticates in another way than it registered.
    pub fn authenticating_by(&self, token_endpoint_auth_method: &str) -> Self {
        let registration = Registration(self.0.metadata.clone());
        let registration =
            registration.with("token_endpoint_auth_method", json!(token_endpoint_auth_method));
        Self(Arc::new(Registered { metadata: registration.0, ..(*self.0).clone() }))
    }

    pub(super) fn time(&self) -> &Time {
        &self.0.time
    }

    fn endpoint(&self, path: &str) -> Url {
        self.0.issuer.join(path).unwrap()
    }

    /// A good authorization request with the first response type that it registered: `openid`, a fresh
    /// `state` and `nonce`, and PKCE if a code is asked for.
    pub fn request(&self) -> Request {
        let response_type = self.0.metadata["response_types"][0].as_str().unwrap().to_owned();
        let verifier = response_type.split(' ').any(|word| word == "code").then(secret::token);
        let mut request =
            Request { app: self.clone(), parameters: Vec::new(), verifier: None, by_post: false }
                .with("client_id", self.client_id())
                .with("response_type", &response_type)
                .with("redirect_uri", self.redirect_uri())
                .with("scope", "openid")
                .with("state", &secret::id())
                .with("nonce", &secret::id());
        if let Some(verifier) = &verifier {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            request =
                request.with("code_challenge", &challenge).with("code_challenge_method", "S256");
        }
        Request { verifier, ..request }
    }

    /// Redeems a code with the verifier and the redirect URI of its request.
    pub async fn redeem(&self, code: &Code) -> Reply {
        let mut parameters = vec![("grant_type", "authorization_code"), ("code", &code.value)];
        parameters.extend(code.redirect_uri.as_deref().map(|uri| ("redirect_uri", uri)));
        parameters.extend(code.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        let reply = self.token(&parameters).await;
        Reply { nonce: code.nonce.clone(), ..reply }
    }

    pub async fn refresh(&self, refresh_token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Asks the token endpoint, authenticated as it registered.
    pub async fn token(&self, parameters: &[(&str, &str)]) -> Reply {
        self.post("/oauth2/token", parameters).await
    }

    /// Revokes a token (RFC 7009).
    pub async fn revoke(&self, token: &str) -> Reply {
        self.post("/oauth2/revoke", &[("token", token)]).await
    }

    /// Sends a form to a machine endpoint, authenticated as it registered.
    pub async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        let mut form: Vec<_> = parameters.to_vec();
        let mut request = self.0.http.post(self.endpoint(path));
        match self.0.metadata["token_endpoint_auth_method"].as_str() {
            Some("client_secret_basic") => {
                request = request
                    .header(header::AUTHORIZATION, basic(self.client_id(), self.client_secret()));
            }
            Some("client_secret_post") => {
                form.extend([
                    ("client_id", self.client_id()),
                    ("client_secret", self.client_secret()),
                ]);
            }
            _ => form.push(("client_id", self.client_id())),
        }
        Reply::read(self.clone(), request.form(&form).send().await.unwrap()).await
    }

    /// Userinfo by GET with the token in the header.
    pub async fn userinfo(&self, access_token: &str) -> Reply {
        let request = self.0.http.get(self.endpoint("/oauth2/userinfo")).bearer_auth(access_token);
        Reply::read(self.clone(), request.send().await.unwrap()).await
    }

    /// Userinfo by POST with the token in the header.
    pub async fn userinfo_by_post(&self, access_token: &str) -> Reply {
        let request = self.0.http.post(self.endpoint("/oauth2/userinfo")).bearer_auth(access_token);
        Reply::read(self.clone(), request.send().await.unwrap()).await
    }

    /// Userinfo by POST with the token in the form.
    pub async fn userinfo_in_body(&self, access_token: &str) -> Reply {
        let request = self
            .0
            .http
            .post(self.endpoint("/oauth2/userinfo"))
            .form(&[("access_token", access_token)]);
        Reply::read(self.clone(), request.send().await.unwrap()).await
    }

    /// A URL that signs people out (RP-Initiated Logout 1.0).
    pub fn logout_url(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.endpoint("/oauth2/logout");
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url.into()
    }

    /// Verifies an ID Token against the published keys; see [`Claims`].
    pub async fn verify(&self, id_token: &str) -> Claims {
        let jwks = self
            .0
            .http
            .get(self.endpoint("/oauth2/jwks"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        id_token::verify(self, id_token, &jwks)
    }
}

/// `Authorization: Basic` as RFC 6749 §2.3.1 wants it: both parts form-encoded first.
pub fn basic(client_id: &str, client_secret: &str) -> String {
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(client_secret))))
}

/// An authorization request, good until a story spoils it.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) app: App,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) verifier: Option<String>,
    pub(super) by_post: bool,
}

impl From<&App> for Request {
    fn from(app: &App) -> Self {
        app.request()
    }
}

impl From<&Self> for Request {
    fn from(request: &Self) -> Self {
        request.clone()
    }
}

impl Request {
    /// Sets a parameter, in its place if it is there already.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.parameters.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Adds a parameter, even if it is there already.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    pub fn scope(self, scope: &str) -> Self {
        self.with("scope", scope)
    }

    pub fn prompt(self, prompt: &str) -> Self {
        self.with("prompt", prompt)
    }

    pub fn without_pkce(self) -> Self {
        let request = self.without("code_challenge").without("code_challenge_method");
        Self { verifier: None, ..request }
    }

    /// In another order, which means nothing.
    pub fn reversed(mut self) -> Self {
        self.parameters.reverse();
        self
    }

    /// As a form, instead of a query.
    pub fn by_post(self) -> Self {
        Self { by_post: true, ..self }
    }

    /// The one value of a parameter that is sent once.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self
            .parameters
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    pub fn endpoint(&self) -> Url {
        self.app.endpoint("/oauth2/authorize")
    }

    pub fn url(&self) -> Url {
        let mut url = self.endpoint();
        url.query_pairs_mut().extend_pairs(&self.parameters);
        url
    }

    /// The words of `response_type`.
    pub(super) fn asks_for(&self, word: &str) -> bool {
        self.get("response_type").is_some_and(|words| words.split(' ').any(|known| known == word))
    }
}
