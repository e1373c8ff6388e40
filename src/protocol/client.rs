//! A registered client and its metadata (RFC 6749 §2; RFC 7591 §2; OIDC Registration §2).

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use super::Algorithm;
use super::error::{Code, Error};
use super::redirect_uri;
use super::response_type::ResponseType;
use super::scope::{self, Delimiter, Scope};

/// No `client_id` is longer, in bytes.
pub const LONGEST_ID: usize = 255;

/// An application that asks for authorization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    pub client_id: String,
    pub client_name: String,
    #[serde(default)]
    pub logo_uri: Option<Url>,
    #[serde(default)]
    pub policy_uri: Option<Url>,
    #[serde(default)]
    pub tos_uri: Option<Url>,
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Compared byte for byte with what is presented.
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Origins that may call us from a browser; those of the redirect URIs unless set.
    #[serde(default)]
    pub origins: Option<Vec<String>>,
    pub response_types: BTreeSet<ResponseType>,
    pub grant_types: BTreeSet<GrantType>,
    /// All that it may ever be granted.
    pub scope: Scope,
    #[serde(default)]
    pub scope_delimiter: Delimiter,
    pub token_endpoint_auth_method: AuthMethod,
    /// The SHA-256 of the secret; it lives beside the metadata, never in it.
    #[serde(skip)]
    pub secret: Option<SecretHash>,
    /// No consent is asked. Only where [`Client::is_identifiable`].
    #[serde(default)]
    pub trusted: bool,
    /// For compatibility: a request without `redirect_uri` goes to the first of several.
    #[serde(default)]
    pub first_redirect_uri_is_default: bool,
    #[serde(default)]
    pub require_pkce: bool,
    #[serde(default = "rs256")]
    pub id_token_signed_response_alg: Algorithm,
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    #[serde(default = "es256")]
    pub access_token_signed_response_alg: Algorithm,
    /// The `aud` of its access tokens; the issuer unless set.
    #[serde(default)]
    pub audience: Vec<String>,
    #[serde(default)]
    pub default_max_age: Option<u64>,
    /// Refresh tokens that were not asked for as offline end with the session.
    #[serde(default = "yes")]
    pub refresh_tokens_end_with_session: bool,
    #[serde(default)]
    pub lifetimes: Lifetimes,
    #[serde(skip)]
    pub disabled: bool,
}

const fn rs256() -> Algorithm {
    Algorithm::RS256
}

const fn es256() -> Algorithm {
    Algorithm::ES256
}

const fn yes() -> bool {
    true
}

/// `application_type` (OIDC Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    #[default]
    Web,
    Native,
}

/// A grant that the token endpoint honours, or that the front channel stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    Implicit,
    RefreshToken,
}

impl GrantType {
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::Implicit, Self::RefreshToken];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::Implicit => "implicit",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// `token_endpoint_auth_method`: the one way in which a client authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

impl AuthMethod {
    pub const ALL: [Self; 3] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// RFC 9068.
    #[default]
    Jwt,
    Opaque,
}

/// A client's own lifetimes, in seconds; the server's where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetimes {
    pub front_channel_token: Option<u64>,
    pub access_token: Option<u64>,
    pub id_token: Option<u64>,
    pub refresh_idle: Option<u64>,
    pub refresh_absolute: Option<u64>,
}

impl Lifetimes {
    /// A client's own value, or the server's.
    pub fn or(own: Option<u64>, server: Duration) -> Duration {
        own.map_or(server, Duration::from_secs)
    }
}

/// The SHA-256 of a client secret: secrets are 256 random bits, so no slow hash is needed, and hashing first makes every
/// comparison one of equal lengths.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// Reads what [`SecretHash::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// As it is stored: 43 characters of base64url.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Whether this is the secret, found out in constant time.
    pub fn is_of(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash")
    }
}

impl Client {
    /// Whether it proves to the token endpoint who it is.
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method != AuthMethod::None
    }

    /// Whether nobody else can pass for it: it authenticates, or only its owner can receive at its redirect URIs.
    pub fn is_identifiable(&self) -> bool {
        self.is_confidential() || self.redirect_uris.iter().all(|uri| uri.starts_with("https://"))
    }

    pub fn is_trusted(&self) -> bool {
        self.trusted && self.is_identifiable()
    }

    pub fn allows(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether the authorization endpoint may answer it so: the response type is registered, and the grant behind it too.
    pub fn may_ask_for(&self, response_type: ResponseType) -> bool {
        self.response_types.contains(&response_type)
            && (!response_type.code || self.allows(GrantType::AuthorizationCode))
            && (!response_type.is_front_channel() || self.allows(GrantType::Implicit))
    }

    /// The origins that may call the machine endpoints from a browser (Fetch standard, CORS).
    pub fn origins(&self) -> Vec<String> {
        self.origins.clone().unwrap_or_else(|| {
            let origins: BTreeSet<String> =
                self.redirect_uris.iter().filter_map(|uri| origin_of(uri)).collect();
            origins.into_iter().collect()
        })
    }

    /// Whether this metadata may be registered. `invalid_redirect_uri` or `invalid_client_metadata` says what is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        self.validate_names()?;
        self.validate_uris()?;
        self.validate_response_types()?;
        self.validate_secret()?;
        if self.trusted && !self.is_identifiable() {
            return refuse(
                "only a client that authenticates, or with https redirect URIs alone, can be trusted",
            );
        }
        Ok(())
    }

    fn validate_names(&self) -> Result<(), Error> {
        // `client-id = *VSCHAR` (RFC 6749 §A.1); the length is that of its column.
        if !(1..=LONGEST_ID).contains(&self.client_id.len())
            || !self.client_id.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
        {
            return refuse("client_id must be printable ASCII, 255 characters at most");
        }
        if self.client_name.trim().is_empty() {
            return refuse("client_name is missing");
        }
        let nameless = |name: &&str| !scope::is_name(name, self.scope_delimiter);
        match self.scope.iter().find(nameless) {
            Some(name) => refuse(format!("scope {name} cannot be registered for this client")),
            None => Ok(()),
        }
    }

    fn validate_uris(&self) -> Result<(), Error> {
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            redirect_uri::validate(uri, self.application_type)?;
        }
        let links = [&self.logo_uri, &self.policy_uri, &self.tos_uri];
        if links.into_iter().flatten().any(|uri| !matches!(uri.scheme(), "https" | "http")) {
            return refuse("logo_uri, policy_uri and tos_uri must be https or http");
        }
        let is_origin =
            |text: &&String| origin_of(text).as_ref() == Some(*text) && !text.contains('*');
        match self.origins.iter().flatten().find(|text| !is_origin(text)) {
            Some(text) => refuse(format!("{text} is not an origin, as in https://app.example")),
            None => Ok(()),
        }
    }

    fn validate_response_types(&self) -> Result<(), Error> {
        if self.redirect_uris.is_empty() && !self.response_types.is_empty() {
            return Err(Code::InvalidRedirectUri.because("redirect_uris is empty"));
        }
        let front_channel = self.response_types.iter().any(|kind| kind.is_front_channel());
        if front_channel && self.redirect_uris.iter().any(|uri| redirect_uri::is_private_use(uri)) {
            return refuse("a private-use scheme never gets front-channel tokens");
        }
        if front_channel && !self.allows(GrantType::Implicit) {
            return refuse("response_types with tokens need the grant type implicit");
        }
        let code = self.response_types.iter().any(|kind| kind.code);
        if code && !self.allows(GrantType::AuthorizationCode) {
            return refuse("response types with code need the grant type authorization_code");
        }
        Ok(())
    }

    fn validate_secret(&self) -> Result<(), Error> {
        if self.is_confidential() && self.secret.is_none() {
            return refuse("a confidential client needs a client_secret");
        }
        if !self.is_confidential() && self.secret.is_some() {
            return refuse("a public client has no client_secret");
        }
        if self.id_token_signed_response_alg.is_symmetric() && !self.is_confidential() {
            return refuse("HS256 needs a confidential client");
        }
        if self.access_token_signed_response_alg.is_symmetric() {
            return refuse("access tokens are never signed with a client_secret");
        }
        Ok(())
    }
}

fn refuse(reason: impl AsRef<str>) -> Result<(), Error> {
    Err(Code::InvalidClientMetadata.because(reason))
}

/// The origin of a URL, as browsers write it; none, if its scheme has no such thing.
fn origin_of(uri: &str) -> Option<String> {
    let origin = Url::parse(uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests;
