//! Making tokens: the one place where an access token or an ID Token comes from.

use std::borrow::Cow;
use std::time::Duration;

use crate::protocol::access_token::AccessToken;
use crate::protocol::claims::{self, Claims, Delivery};
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::client::{AccessTokenFormat, Lifetimes};
use crate::protocol::id_token::{Hint, IdToken};
use crate::protocol::scope::OPENID;
use crate::protocol::session::Authentication;
use crate::protocol::{Scope, Timestamp};
use crate::seal::Purpose;
use crate::storage::account;
use crate::{jose, secret};

use super::clients::Registered;
use super::fault::Fault;
use super::provider::Provider;

/// What a token is made from.
pub struct Issuance<'a> {
    pub registered: &'a Registered,
    pub subject: &'a str,
    pub authentication: &'a Authentication,
    pub scope: &'a Scope,
    pub claims: &'a ClaimsRequest,
    pub bound: Bound<'a>,
}

/// What an access token lives by.
#[derive(Clone, Copy)]
pub enum Bound<'a> {
    /// From the front channel: nothing is stored for it.
    Session(&'a str),
    Grant {
        grant_id: &'a str,
        sid: Option<&'a str>,
    },
}

/// An access token, and how long it lives.
pub struct Issued {
    pub token: String,
    pub expires_in: Duration,
}

impl<'a> Issuance<'a> {
    /// RFC 9068, or the same content sealed.
    pub fn access_token(&self, provider: &Provider, now: Timestamp) -> Result<Issued, Fault> {
        let client = &self.registered.client;
        let ours = &provider.config.lifetimes;
        let (grant_id, sid, claims, expires_in) = match self.bound {
            Bound::Session(sid) => {
                let claims =
                    (!self.claims.userinfo.is_empty()).then_some(Cow::Borrowed(self.claims));
                let own = client.lifetimes.front_channel_token;
                (None, Some(sid), claims, Lifetimes::or(own, ours.front_channel_token))
            }
            Bound::Grant { grant_id, .. } => {
                let own = client.lifetimes.access_token;
                (Some(grant_id), None, None, Lifetimes::or(own, ours.access_token))
            }
        };
        let expires_at = now.plus(expires_in);
        let content = AccessToken {
            iss: Cow::Borrowed(&provider.issuer),
            sub: Cow::Borrowed(self.subject),
            aud: self.audience(provider),
            client_id: Cow::Borrowed(&client.client_id),
            exp: expires_at.seconds(),
            iat: now.seconds(),
            jti: Cow::Owned(secret::id()),
            scope: Cow::Borrowed(self.scope),
            auth_time: self.authentication.auth_time.seconds(),
            acr: self.authentication.acr.as_deref().map(Cow::Borrowed),
            amr: (!self.authentication.amr.is_empty())
                .then_some(Cow::Borrowed(self.authentication.amr.as_slice())),
            grant_id: grant_id.map(Cow::Borrowed),
            sid: sid.map(Cow::Borrowed),
            claims,
        };
        let token = match client.access_token_format {
            AccessTokenFormat::Jwt => {
                let algorithm = client.access_token_signed_response_alg;
                jose::sign(&*provider.keys.signer(algorithm, now)?, jose::ACCESS_TOKEN, &content)?
            }
            AccessTokenFormat::Opaque => {
                provider.sealer.seal(Purpose::AccessToken, &content, expires_at)?
            }
        };
        Ok(Issued { token, expires_in })
    }

    /// What the client is registered for, or ourselves; with `openid` always ourselves too, as userinfo is here.
    fn audience(&self, provider: &Provider) -> Cow<'a, [String]> {
        let own = &self.registered.client.audience;
        if own.is_empty() {
            Cow::Owned(vec![provider.issuer.clone()])
        } else if self.scope.contains(OPENID) && !own.contains(&provider.issuer) {
            Cow::Owned(own.iter().chain([&provider.issuer]).cloned().collect())
        } else {
            Cow::Borrowed(own)
        }
    }

    /// The claims that every ID Token of this grant has.
    pub fn id_token(&self, provider: &'a Provider, now: Timestamp) -> IdToken<'a> {
        let client = &self.registered.client;
        let own = client.lifetimes.id_token;
        let expires_at = now.plus(Lifetimes::or(own, provider.config.lifetimes.id_token));
        let mut id_token = IdToken::new(
            &provider.issuer,
            self.subject,
            &client.client_id,
            self.authentication,
            now,
            expires_at,
        );
        id_token.sid = match self.bound {
            Bound::Session(sid) => Some(sid),
            Bound::Grant { sid, .. } => sid,
        };
        id_token
    }

    /// The claims about the person that belong into the ID Token.
    pub fn of_id_token(
        &self,
        provider: &Provider,
        account: Option<&account::Model>,
        access_token_issued: bool,
    ) -> Result<Claims, Fault> {
        let Some(account) =
            account.filter(|_| !access_token_issued || !self.claims.id_token.is_empty())
        else {
            return Ok(Claims::new());
        };
        let known = provider.identities.claims(account)?;
        let delivery = Delivery::IdToken { access_token_issued };
        let allowed = &self.registered.client.scope;
        Ok(claims::select(&known, allowed, self.scope, self.claims, delivery))
    }

    /// Signs by the algorithm that the client registered.
    pub fn sign(
        &self,
        provider: &Provider,
        id_token: &IdToken<'_>,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let algorithm = self.registered.client.id_token_signed_response_alg;
        let signer = match &self.registered.hmac {
            Some(signer) if algorithm.is_symmetric() => signer.clone(),
            _ => provider.keys.signer(algorithm, now)?,
        };
        Ok(jose::sign(&signer, jose::JWT, id_token)?)
    }
}

impl Provider {
    /// What an ID Token of ours says that comes back as a hint. Expiry does not matter, nor that its key has retired; the signature does.
    /// One signed with a client's secret is read only for that client.
    pub fn hint(&self, token: &str, registered: Option<&Registered>) -> Option<Hint> {
        let verified = jose::verify(token, jose::Expectation::Jwt, |kid, algorithm| {
            if algorithm.is_symmetric() {
                registered.and_then(|registered| registered.verifier.clone())
            } else {
                self.keys.verifier(kid?, algorithm)
            }
        });
        Hint::read(&verified.ok()?, &self.issuer)
    }
}
