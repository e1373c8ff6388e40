//! The access token: as a JWT (RFC 9068), or the same content sealed and so opaque.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::claims_request::ClaimsRequest;
use super::scope::Scope;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::{ISSUER, NOW, scope};

    fn token() -> AccessToken<'static> {
        AccessToken {
            iss: ISSUER.into(),
            sub: "alice".into(),
            aud: Cow::Owned(vec![ISSUER.to_owned()]),
            client_id: "app".into(),
            exp: NOW.seconds(),
            iat: NOW.seconds() - 60,
            jti: "j".into(),
            scope: Cow::Owned(scope("openid")),
            auth_time: NOW.seconds() - 90,
            acr: None,
            amr: None,
            grant_id: None,
            sid: Some("s".into()),
            claims: None,
        }
    }

    // TK4
    #[test]
    fn a_token_is_dead_from_the_second_of_its_expiry_on() {
        for (millis, current) in
            [(-60_000, true), (-1, true), (0, false), (1, false), (1000, false)]
        {
            let now = Timestamp::from_millis(NOW.millis() + millis);
            assert_eq!(token().is_current(ISSUER, now), current, "{millis}");
        }
        for exp in [i64::MIN, -1, 0] {
            assert!(!AccessToken { exp, ..token() }.is_current(ISSUER, NOW));
        }
        assert!(!AccessToken { exp: i64::MAX, ..token() }.is_current("https://other.example", NOW));
    }

    #[test]
    fn absent_claims_are_not_written_and_what_is_written_is_read() {
        let text = serde_json::to_string(&token()).unwrap();
        assert!(!text.contains("null") && !text.contains("acr"));
        assert_eq!(serde_json::from_str::<AccessToken<'_>>(&text).unwrap(), token());
    }
}
