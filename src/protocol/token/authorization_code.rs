//! The grant `authorization_code` (RFC 6749 §4.1.3; RFC 7636 §4.5–4.6; RFC 9700 §2.1.1).

use crate::protocol::Timestamp;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::code;
use crate::protocol::error::{Code, Error};
use crate::protocol::parameters::Parameters;
use crate::protocol::scope::{OFFLINE_ACCESS, OPENID};

use super::Grant;

/// A code as a client presents it.
pub struct Redemption {
    pub code: String,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
}

/// What the world holds of the presented code.
pub struct Facts<'a> {
    /// The content of the code, if it is an authentic one, even expired.
    pub code: Option<&'a code::Code>,
    pub expires_at: Timestamp,
    /// It was redeemed before.
    pub redeemed: bool,
    /// Its session stands, or is allowed to have ended.
    pub alive: bool,
}

/// What becomes of the presented code.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    Honour(Box<Grant>),
    Refuse(Error),
    /// Refuse, and revoke the grant of this id with all its tokens.
    Revoke(Error, String),
}

impl Redemption {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Error> {
        let owned = |name| Ok(parameters.get(name)?.map(str::to_owned));
        Ok(Self {
            code: parameters.require("code")?.to_owned(),
            redirect_uri: owned("redirect_uri")?,
            code_verifier: owned("code_verifier")?,
        })
    }

    /// Bindings first: someone who does not hold them learns nothing, and revokes nothing.
    pub fn judge(&self, client: &Client, facts: &Facts<'_>, now: Timestamp) -> Judgement {
        let refuse = |reason: &str| Judgement::Refuse(Code::InvalidGrant.because(reason));
        let Some(code) = facts.code.filter(|code| code.client_id == client.client_id) else {
            return refuse("code is invalid");
        };
        if let Err(error) = self.is_bound(code) {
            return Judgement::Refuse(error);
        }
        if facts.redeemed {
            // "If an authorization code is used more than once, the authorization server MUST deny the request and SHOULD
            // revoke (when possible) all tokens previously issued based on that authorization code." (§4.1.2)
            let error = Code::InvalidGrant.because("code has been used before");
            return Judgement::Revoke(error, code.grant_id.clone());
        }
        if now >= facts.expires_at {
            return refuse("code has expired");
        }
        if !facts.alive {
            return refuse("code belongs to a session that has ended");
        }
        let scope = code.scope.intersect(&client.scope);
        Judgement::Honour(Box::new(Grant {
            grant_id: code.grant_id.clone(),
            account_id: code.account_id.clone(),
            client_id: code.client_id.clone(),
            sid: Some(code.sid.clone()),
            offline: scope.contains(OFFLINE_ACCESS),
            scope,
            claims: code.claims.clone(),
            authentication: code.authentication.clone(),
        }))
    }

    /// "ensure that the "redirect_uri" parameter is present if the "redirect_uri" parameter was included in the initial authorization request [...],
    /// and if included ensure that their values are identical" (RFC 6749 §4.1.3); a verifier if and only if there was a challenge.
    fn is_bound(&self, code: &code::Code) -> Result<(), Error> {
        let refuse = |reason: &str| Err(Code::InvalidGrant.because(reason));
        if code.redirect_uri.is_some() && self.redirect_uri != code.redirect_uri {
            return refuse("redirect_uri is not the one of the authorization request");
        }
        if code.redirect_uri.is_none() && self.redirect_uri.is_some() {
            return refuse("redirect_uri was not in the authorization request");
        }
        match (&code.challenge, &self.code_verifier) {
            (None, None) => Ok(()),
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
            (Some(_), Some(_)) => refuse("code_verifier does not meet code_challenge"),
            (Some(_), None) => refuse("code_verifier is missing"),
            (None, Some(_)) => refuse("code_verifier without a code_challenge"),
        }
    }
}

/// Whether a refresh token comes with the tokens of this grant: if it was granted as offline, or the client is registered for one
/// that ends with the session.
pub fn has_refresh_token(client: &Client, grant: &Grant) -> bool {
    client.allows(GrantType::RefreshToken)
        && (grant.offline || client.refresh_tokens_end_with_session)
}

/// Whether an ID Token comes with them.
pub fn has_id_token(grant: &Grant) -> bool {
    grant.scope.contains(OPENID)
}
