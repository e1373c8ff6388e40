//! The authorization code (RFC 6749 §1.3.1, §4.1.2): what it stands for. It travels sealed, so nothing is stored until it is redeemed.

use serde::{Deserialize, Serialize};

use super::authorization::Request;
use super::claims_request::ClaimsRequest;
use super::pkce::Challenge;
use super::redirection_endpoint::RedirectionEndpoint;
use super::scope::Scope;
use super::session::{Authentication, Session};

/// A sealed code is at most this many bytes long.
pub const LIMIT: usize = 2048;

/// The content of a code: everything that the token endpoint will need. Short names, as its length counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The id of the grant that redeeming it will make.
    #[serde(rename = "g")]
    pub grant_id: String,
    #[serde(rename = "c")]
    pub client_id: String,
    /// Present if the authorization request held it: the token request must then repeat it.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    #[serde(rename = "a")]
    pub account_id: String,
    #[serde(rename = "s")]
    pub sid: String,
    #[serde(rename = "o")]
    pub scope: Scope,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(rename = "r", default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    #[serde(rename = "l")]
    pub authentication: Authentication,
}

impl Code {
    /// The code that answers a request.
    pub fn new(
        request: &Request,
        client_id: &str,
        endpoint: &RedirectionEndpoint,
        session: &Session,
        scope: &Scope,
        grant_id: String,
    ) -> Self {
        Self {
            grant_id,
            client_id: client_id.to_owned(),
            redirect_uri: endpoint.sent_redirect_uri().map(str::to_owned),
            challenge: request.challenge().cloned(),
            account_id: session.account_id.clone(),
            sid: session.sid.clone(),
            scope: scope.clone(),
            nonce: request.nonce().map(str::to_owned),
            claims: request.claims().clone(),
            authentication: session.authentication.clone(),
        }
    }
}
