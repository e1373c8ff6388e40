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

/// The successful answer (RFC 6749 §5.1; OIDC Core §3.1.3.3).
#[derive(Debug, Serialize)]
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
