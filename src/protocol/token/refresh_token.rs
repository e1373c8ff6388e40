//! The grant `refresh_token` (RFC 6749 §6; RFC 9700 §4.14.2; OIDC Core §12).

use std::time::Duration;

use crate::protocol::Timestamp;
use crate::protocol::client_authentication::AuthenticatedClient;
use crate::protocol::error::{Code, Error};
use crate::protocol::parameters::Parameters;
use crate::protocol::scope::Scope;

use super::Grant;

/// How long after its first use a refresh token still yields the same successor: for a client whose network failed before it read the
/// answer.
pub const GRACE: Duration = Duration::from_secs(10);

/// A refresh token as a client presents it.
pub struct Redemption {
    pub refresh_token: String,
    scope: Option<Scope>,
}

/// What the world holds of the presented token.
pub struct Facts<'a> {
    /// The grant that it stands for, if both are known.
    pub grant: Option<&'a Grant>,
    pub expires_at: Timestamp,
    pub used: Option<Use>,
}

/// It was presented before.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub at: Timestamp,
    /// Its successor was presented as well.
    pub successor_used: bool,
}

/// What becomes of the presented token.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Rotate it, and issue tokens of this scope.
    Honour(Scope),
    /// Issue tokens of this scope again, with the successor that was given before.
    Repeat(Scope),
    Refuse(Error),
    /// Refuse, and revoke the grant of this id with all its tokens.
    Revoke(Error, String),
}

impl Redemption {
    pub(super) fn read(
        parameters: &Parameters,
        client: &AuthenticatedClient<'_>,
    ) -> Result<Self, Error> {
        let delimiter = client.client().scope_delimiter;
        Ok(Self {
            refresh_token: parameters.require("refresh_token")?.to_owned(),
            scope: parameters
                .get("scope")?
                .map(|text| Scope::parse(text, delimiter))
                .transpose()?,
        })
    }

    /// Reuse before everything but the binding: no other fault of the request may hide it.
    pub fn judge(
        &self,
        client: &AuthenticatedClient<'_>,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> Judgement {
        let client = client.client();
        let refuse = |reason: &str| Judgement::Refuse(Code::InvalidGrant.because(reason));
        // "the refresh token is bound to the client to which it was issued" (RFC 6749 §6)
        let Some(grant) = facts.grant.filter(|grant| grant.client_id == client.client_id) else {
            return refuse("refresh_token is invalid");
        };
        match facts.used {
            Some(used) if used.successor_used || now.since(used.at) > GRACE => {
                let error = Code::InvalidGrant.because("refresh_token has been used before");
                return Judgement::Revoke(error, grant.grant_id.clone());
            }
            None if now >= facts.expires_at => return refuse("refresh_token has expired"),
            _ => {}
        }
        match self.narrow(grant, &client.scope) {
            Err(error) => Judgement::Refuse(error),
            Ok(scope) if facts.used.is_some() => Judgement::Repeat(scope),
            Ok(scope) => Judgement::Honour(scope),
        }
    }

    /// "The requested scope MUST NOT include any scope not originally granted by the resource owner" (RFC 6749 §6); and what the client may no
    /// longer have is left out.
    fn narrow(&self, grant: &Grant, allowed: &Scope) -> Result<Scope, Error> {
        let granted = grant.scope.intersect(allowed);
        let Some(asked) = &self.scope else { return Ok(granted) };
        match asked.beyond(&grant.scope) {
            Some(name) => {
                Err(Code::InvalidScope
                    .because(format!("scope {name} goes beyond what was granted")))
            }
            None => Ok(granted.intersect(asked)),
        }
    }
}
