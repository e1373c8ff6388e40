//! Rotating a refresh token (RFC 6749 §6; RFC 9700 §4.14.2).

use crate::protocol::session::Authentication;
use crate::protocol::token::refresh_token::{Facts, Judgement, Redemption, Use};
use crate::protocol::token::{Grant, Reply};
use crate::protocol::{Code, Error, Scope, Timestamp};
use crate::seal::{open_wrapped, wrap};
use crate::secret;
use crate::storage::{
    Outcome, Write, account, accounts, grant, redemption, redemptions, refresh_token,
    refresh_tokens, sessions,
};

use super::super::fault::Fault;
use super::{Exchange, Issue};

impl Exchange<'_> {
    pub(super) async fn refresh_token(
        &self,
        redemption: &Redemption,
    ) -> Result<Result<Reply, Error>, Fault> {
        let storage = &self.provider.storage;
        let presented = redemption.refresh_token.as_str();
        let hash = secret::hash(presented);
        let found = refresh_tokens::find(storage, &hash).await?;
        let (expires_at, living) = match found {
            Some((token, row)) => (token.expires_at, self.living(row).await?),
            None => (self.now, None),
        };
        let grant = living.as_ref().map(|living| &living.grant);
        // Whether a token was used before, its rotation tells. One that is too late is not rotated, so it is looked up.
        let mut used = if grant.is_some() && self.now >= expires_at {
            redemptions::find(storage, &hash).await?
        } else {
            None
        };
        loop {
            let successor = used.as_ref().and_then(|used| successor(presented, used));
            let successor_used = match &successor {
                Some(token) => redemptions::find(storage, &secret::hash(token)).await?.is_some(),
                None => true,
            };
            let used_at = used.as_ref().map(|used| used.redeemed_at);
            let used_before = used_at.map(|at| Use { at, successor_used });
            let facts = Facts { grant, expires_at, used: used_before };
            let (scope, refresh_token) = match redemption.judge(self.client, &facts, self.now) {
                Judgement::Honour(scope) => (scope, None),
                Judgement::Repeat(scope) => (scope, successor),
                Judgement::Refuse(error) => return Ok(Err(error)),
                Judgement::Revoke(error, grant_id) => return self.revoke(error, &grant_id).await,
            };
            let Some(Living { grant, account, ends_at }) = &living else {
                return Ok(Err(Code::InvalidGrant.because("refresh_token is invalid")));
            };
            let Some(account) = self.standing(Some(account.clone())).await? else {
                return Ok(Err(Code::InvalidGrant.because("the account may not be used any more")));
            };
            let refresh_token = match refresh_token {
                Some(successor) => successor,
                None => match self.rotate(&hash, presented, grant, *ends_at).await? {
                    Ok(successor) => successor,
                    // Someone else was first: judge again, with that known.
                    Err(first) => {
                        used = Some(first);
                        continue;
                    }
                },
            };
            let refresh_token = Some(refresh_token);
            let issue =
                Issue { grant, scope: &scope, account: &account, refresh_token, nonce: None };
            return Ok(Ok(self.reply(issue)?));
        }
    }

    /// The grant of a refresh token, if what it lives by still stands. Using it keeps its session awake.
    async fn living(&self, row: grant::Model) -> Result<Option<Living>, Fault> {
        let storage = &self.provider.storage;
        let account = match row.session_id.as_ref().filter(|_| !row.offline) {
            Some(sid) => {
                let found = sessions::find_by_sid_with_account(storage, sid).await?;
                let Some((session, account)) = found.filter(|(row, _)| self.now < row.expires_at)
                else {
                    return Ok(None);
                };
                self.provider.touch(&session, self.now).await?;
                account
            }
            None => match accounts::find(storage, &row.account_id).await? {
                Some(account) => account,
                None => return Ok(None),
            },
        };
        let ends_at = row.expires_at;
        Ok(Some(Living { grant: grant(row)?, account, ends_at }))
    }

    /// Claims the presented token's one use and stores its successor, or learns who was first.
    async fn rotate(
        &self,
        hash: &str,
        presented: &str,
        grant: &Grant,
        ends_at: Timestamp,
    ) -> Result<Result<String, redemption::Model>, Fault> {
        let token = secret::token();
        let lifetimes = self.lifetimes();
        let write = Write {
            claim: Some(redemption::Model {
                hash: hash.to_owned(),
                attempt: secret::id(),
                grant_id: grant.grant_id.clone(),
                redeemed_at: self.now,
                successor: Some(wrap(presented, token.as_bytes())?),
                expires_at: ends_at,
            }),
            refresh_tokens: vec![refresh_token::Model {
                hash: secret::hash(&token),
                grant_id: grant.grant_id.clone(),
                issued_at: self.now,
                expires_at: ends_at.min(self.now.plus(lifetimes.refresh_idle)),
            }],
            ..Write::default()
        };
        Ok(match self.provider.storage.commit(write).await? {
            Outcome::Won => Ok(token),
            Outcome::Lost(first) => Err(first),
        })
    }
}

/// A grant that stands, whose it is, and when the last of its refresh tokens ends.
struct Living {
    grant: Grant,
    account: account::Model,
    ends_at: Timestamp,
}

/// The successor that was given for a token, readable only to whoever presents that token.
fn successor(presented: &str, used: &redemption::Model) -> Option<String> {
    let plain = open_wrapped(presented, used.successor.as_deref()?).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

fn grant(row: grant::Model) -> Result<Grant, Fault> {
    Ok(Grant {
        grant_id: row.id,
        account_id: row.account_id,
        client_id: row.client_id,
        sid: row.session_id,
        offline: row.offline,
        scope: Scope::from(row.scope),
        claims: serde_json::from_str(&row.claims)?,
        authentication: Authentication {
            auth_time: row.auth_time,
            acr: row.acr,
            amr: serde_json::from_str(&row.amr)?,
        },
    })
}
