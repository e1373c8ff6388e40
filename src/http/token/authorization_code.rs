//! Redeeming a code (RFC 6749 §4.1.3). The first insertion of its hash wins; everyone else replays.

use crate::protocol::code;
use crate::protocol::token::authorization_code::{Facts, Judgement, Redemption, has_refresh_token};
use crate::protocol::token::{Grant, Reply};
use crate::protocol::{Code, Error, Timestamp};
use crate::seal::{Opened, Purpose};
use crate::secret;
use crate::storage::{Outcome, Write, grant, redemption, redemptions, refresh_token, sessions};

use super::super::fault::Fault;
use super::{Exchange, Issue};

impl Exchange<'_> {
    pub(super) async fn code(&self, presented: &Redemption) -> Result<Result<Reply, Error>, Fault> {
        let storage = &self.provider.storage;
        let hash = secret::hash(&presented.code);
        let opened = self.provider.sealer.open::<code::Code>(Purpose::Code, &presented.code).ok();
        let (code, expires_at) = match opened {
            Some(Opened { value, expires_at }) => (Some(value), expires_at),
            None => (None, self.now),
        };
        let session = match &code {
            Some(code) => sessions::find_by_sid_with_account(storage, &code.sid).await?,
            None => None,
        };
        let account = session
            .filter(|(session, _)| self.now < session.expires_at)
            .map(|(_, account)| account);
        let alive = account.is_some();
        // Whether a fresh code was redeemed, its insertion tells. One that is too late is not inserted, so it is looked up.
        let late = code.is_some() && (self.now >= expires_at || !alive);
        let redeemed = late && redemptions::find(storage, &hash).await?.is_some();
        let client = self.client.client();
        let facts = Facts { code: code.as_ref(), expires_at, redeemed, alive };
        let grant = match presented.judge(client, &facts, self.now) {
            Judgement::Honour(grant) => grant,
            Judgement::Refuse(error) => return Ok(Err(error)),
            Judgement::Revoke(error, grant_id) => return self.revoke(error, &grant_id).await,
        };
        let Some(account) = self.standing(account).await? else {
            return Ok(Err(Code::InvalidGrant.because("the account may not be used any more")));
        };
        let refresh_token = has_refresh_token(client, &grant).then(secret::token);
        let write = self.write(&hash, expires_at, &grant, refresh_token.as_deref())?;
        if let Outcome::Lost(_) = storage.commit(write).await? {
            let facts = Facts { redeemed: true, ..facts };
            return match presented.judge(client, &facts, self.now) {
                Judgement::Revoke(error, grant_id) => self.revoke(error, &grant_id).await,
                Judgement::Refuse(error) => Ok(Err(error)),
                Judgement::Honour(_) => Ok(Err(Code::InvalidGrant.because("code has been used"))),
            };
        }
        let nonce = code.as_ref().and_then(|code| code.nonce.as_deref());
        let scope = &grant.scope;
        let issue = Issue { grant: &grant, scope, account: &account, refresh_token, nonce };
        Ok(Ok(self.reply(issue)?))
    }

    /// Everything that redeeming a code stores, in one transaction.
    fn write(
        &self,
        hash: &str,
        code_expires_at: Timestamp,
        grant: &Grant,
        refresh_token: Option<&str>,
    ) -> Result<Write, Fault> {
        let lifetimes = self.lifetimes();
        let ends_at = match refresh_token {
            Some(_) => self.now.plus(lifetimes.refresh_absolute),
            None => self.now.plus(lifetimes.access_token),
        };
        // Kept as long as anything that the code was redeemed for lives, and as the code itself: forgotten before, it could be redeemed again.
        let kept_until = ends_at.max(code_expires_at).plus(lifetimes.access_token);
        let refresh_tokens = refresh_token.map(|token| refresh_token::Model {
            hash: secret::hash(token),
            grant_id: grant.grant_id.clone(),
            issued_at: self.now,
            expires_at: ends_at.min(self.now.plus(lifetimes.refresh_idle)),
        });
        Ok(Write {
            claim: Some(redemption::Model {
                hash: hash.to_owned(),
                attempt: secret::id(),
                grant_id: grant.grant_id.clone(),
                redeemed_at: self.now,
                successor: None,
                expires_at: kept_until,
            }),
            grants: vec![row(grant, self.now, ends_at)?],
            refresh_tokens: refresh_tokens.into_iter().collect(),
            ..Write::default()
        })
    }
}

/// The row that remembers a grant.
fn row(grant: &Grant, now: Timestamp, expires_at: Timestamp) -> Result<grant::Model, Fault> {
    Ok(grant::Model {
        id: grant.grant_id.clone(),
        account_id: grant.account_id.clone(),
        client_id: grant.client_id.clone(),
        session_id: grant.sid.clone(),
        offline: grant.offline,
        scope: grant.scope.to_string(),
        claims: serde_json::to_string(&grant.claims)?,
        auth_time: grant.authentication.auth_time,
        acr: grant.authentication.acr.clone(),
        amr: serde_json::to_string(&grant.authentication.amr)?,
        created_at: now,
        expires_at,
    })
}
