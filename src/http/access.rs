//! Who an access token stands for, while it lives (RFC 6750).

use std::sync::Arc;

use crate::jose;
use crate::protocol::access_token::AccessToken;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::{Scope, Timestamp};
use crate::seal::Purpose;
use crate::storage::{account, liveness};

use super::clients::Registered;
use super::fault::Fault;
use super::provider::Provider;

/// An access token of ours that may be used now.
pub struct Access {
    pub content: AccessToken<'static>,
    pub registered: Arc<Registered>,
    pub account: account::Model,
    pub claims: ClaimsRequest,
}

impl Access {
    pub fn scope(&self) -> &Scope {
        &self.content.scope
    }
}

impl Provider {
    /// The content of an access token of ours, if it is authentic; it may have expired.
    pub fn read_access_token(&self, token: &str) -> Option<AccessToken<'static>> {
        if token.contains('.') {
            let verified = jose::verify(token, jose::Expectation::AccessToken, |kid, algorithm| {
                self.keys.verifier(kid?, algorithm)
            });
            serde_json::from_value(verified.ok()?.into_inner().into()).ok()
        } else {
            let opened = self.sealer.open::<AccessToken<'static>>(Purpose::AccessToken, token);
            opened.ok().map(|opened| opened.value)
        }
    }

    /// Whom the token stands for. It is honoured only while its grant or session, its account and its client stand.
    pub async fn access(&self, token: &str, now: Timestamp) -> Result<Option<Access>, Fault> {
        let Some(content) = self.read_access_token(token) else { return Ok(None) };
        if !content.is_current(&self.issuer, now) {
            return Ok(None);
        }
        let Some(registered) = self.clients.find(&content.client_id).await? else {
            return Ok(None);
        };
        let jti = Some(&*content.jti);
        let (account, claims) = match (&content.grant_id, &content.sid) {
            (Some(grant_id), _) => match liveness::of_grant(&self.storage, grant_id, jti).await? {
                Some((grant, account)) => (account, serde_json::from_str(&grant.claims)?),
                None => return Ok(None),
            },
            (None, Some(sid)) => match liveness::of_session(&self.storage, sid, jti).await? {
                Some((session, account)) if now < session.expires_at => {
                    (account, content.claims.clone().map(|c| c.into_owned()).unwrap_or_default())
                }
                _ => return Ok(None),
            },
            (None, None) => return Ok(None),
        };
        let Some(account) = self.standing(account, now).await? else { return Ok(None) };
        let access = Access { content, registered, account, claims };
        Ok((access.account.sub == access.content.sub).then_some(access))
    }
}
