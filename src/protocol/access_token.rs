//! The access token: as a JWT (RFC 9068), or the same content sealed and so opaque.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::claims_request::ClaimsRequest;
use super::scope::Scope;

/// `typ` of the JWT: "JWT access tokens MUST include this media type in the "typ" header parameter" (RFC 9068 §2.1).
pub const TYPE: &str = "at+jwt";

/// The content of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken<'a> {
    pub iss: Cow<'a, str>,
    pub sub: Cow<'a, str>,
    pub aud: Cow<'a, [String]>,
    pub client_id: Cow<'a, str>,
    /// Seconds since the epoch, like `iat` and `auth_time`.
    pub exp: i64,
    pub iat: i64,
    pub jti: Cow<'a, str>,
    pub scope: Cow<'a, Scope>,
    pub auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amr: Option<Cow<'a, [String]>>,
    /// What it lives by: the grant that a code was redeemed for ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<Cow<'a, str>>,
    /// ... or, from the front channel, the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Cow<'a, str>>,
    /// What the `claims` parameter asked of userinfo, where no grant remembers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Cow<'a, ClaimsRequest>>,
}

impl AccessToken<'_> {
    /// Whether it may be used now. A token is dead from the second of its `exp` on.
    pub fn is_current(&self, issuer: &str, now: Timestamp) -> bool {
        self.iss == issuer && now.seconds() < self.exp
    }
}
