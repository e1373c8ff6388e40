//! The token endpoint (RFC 6749 §3.2, §5; OIDC Core §3.1.3, §12): one file for each grant.

pub mod authorization_code;
pub mod refresh_token;

use serde::Serialize;

use super::claims_request::ClaimsRequest;
use super::client::GrantType;
use super::client_authentication::AuthenticatedClient;
use super::error::{Code, Error};
use super::parameters::Parameters;
use super::scope::Scope;
use super::session::Authentication;

/// What a request to the token endpoint wants to redeem.
pub enum Redemption {
    AuthorizationCode(authorization_code::Redemption),
    RefreshToken(refresh_token::Redemption),
}

impl Redemption {
    /// Reads the request of an authenticated client.
    pub fn read(parameters: &Parameters, client: &AuthenticatedClient<'_>) -> Result<Self, Error> {
        let name = parameters.require("grant_type")?;
        let grant_type = GrantType::ALL
            .into_iter()
            .filter(|grant_type| *grant_type != GrantType::Implicit)
            .find(|grant_type| grant_type.as_str() == name)
            .ok_or_else(|| Code::UnsupportedGrantType.because("grant_type is not supported"))?;
        if !client.client().allows(grant_type) {
            return Err(
                Code::UnauthorizedClient.because("grant_type is not registered for this client")
            );
        }
        Ok(match grant_type {
            GrantType::RefreshToken => {
                Self::RefreshToken(refresh_token::Redemption::read(parameters, client)?)
            }
            _ => Self::AuthorizationCode(authorization_code::Redemption::read(parameters)?),
        })
    }
}

/// What the End-User gave to a client, as the tokens that stand for it need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub grant_id: String,
    pub account_id: String,
    pub client_id: String,
    /// The session that it was given in, if it still is of one.
    pub sid: Option<String>,
    /// Survives that session.
    pub offline: bool,
    pub scope: Scope,
    pub claims: ClaimsRequest,
    pub authentication: Authentication,
}

/// The successful answer (RFC 6749 §5.1; OIDC Core §3.1.3.3). It does not print.
#[derive(Serialize)]
pub struct Reply {
    pub access_token: String,
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Client;
    use crate::protocol::samples::{authenticated, parameters, scope, web};

    fn refusal(client: &Client, sent: &[(&str, &str)]) -> Option<Code> {
        Redemption::read(&parameters(sent), &authenticated(client)).err().map(|error| error.code)
    }

    #[test]
    fn each_fault_has_the_code_that_the_specification_gives_it() {
        let code = ("grant_type", "authorization_code");
        let refresh = ("grant_type", "refresh_token");
        for (sent, expected) in [
            (vec![code, ("code", "c")], None),
            (vec![refresh, ("refresh_token", "r")], None),
            (vec![], Some(Code::InvalidRequest)),
            (vec![("grant_type", "")], Some(Code::InvalidRequest)),
            (vec![code], Some(Code::InvalidRequest)),
            (vec![refresh], Some(Code::InvalidRequest)),
            (vec![code, code, ("code", "c")], Some(Code::InvalidRequest)),
            (vec![code, ("code", "c"), ("code", "c")], Some(Code::InvalidRequest)),
            (vec![refresh, ("refresh_token", "r"), ("scope", "\t")], Some(Code::InvalidScope)),
            (vec![("grant_type", "implicit")], Some(Code::UnsupportedGrantType)),
            (vec![("grant_type", "password")], Some(Code::UnsupportedGrantType)),
            (vec![("grant_type", "client_credentials")], Some(Code::UnsupportedGrantType)),
            (vec![("grant_type", "Refresh_Token")], Some(Code::UnsupportedGrantType)),
        ] {
            assert_eq!(refusal(&web(), &sent), expected, "{sent:?}");
        }
        for name in ["redirect_uri", "code_verifier"] {
            let sent = [code, ("code", "c"), (name, "x"), (name, "x")];
            assert_eq!(refusal(&web(), &sent), Some(Code::InvalidRequest), "{name}");
        }
    }

    // FL1
    #[test]
    fn only_registered_grants_are_honoured() {
        let client = Client { grant_types: [GrantType::Implicit].into(), ..web() };
        for (grant_type, parameter) in
            [("authorization_code", "code"), ("refresh_token", "refresh_token")]
        {
            let sent = [("grant_type", grant_type), (parameter, "x")];
            assert_eq!(refusal(&client, &sent), Some(Code::UnauthorizedClient));
        }
    }

    #[test]
    fn the_reply_leaves_out_what_there_is_not() {
        let reply = |names: &str| Reply {
            access_token: "a".to_owned(),
            token_type: "Bearer",
            expires_in: 60,
            refresh_token: None,
            id_token: None,
            scope: scope(names),
        };
        let text = serde_json::to_string(&reply("openid")).unwrap();
        let expected =
            r#"{"access_token":"a","token_type":"Bearer","expires_in":60,"scope":"openid"}"#;
        assert_eq!(text, expected);
        // `scope = scope-token *( SP scope-token )` has no empty form (RFC 6749 §3.3).
        assert!(!serde_json::to_string(&reply("")).unwrap().contains("scope"));
    }
}
