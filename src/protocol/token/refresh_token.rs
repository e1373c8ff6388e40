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
            // A first use that lies ahead may be told by a node whose clock differs a little, not by one set back since.
            Some(used)
                if used.successor_used || now.since(used.at).max(used.at.since(now)) > GRACE =>
            {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Client;
    use crate::protocol::samples::{NOW, authenticated, parameters, scope, session, web};

    fn grant() -> Grant {
        Grant {
            grant_id: "g".to_owned(),
            account_id: "account of alice".to_owned(),
            client_id: "app".to_owned(),
            sid: None,
            offline: true,
            scope: scope("openid profile offline_access"),
            claims: Default::default(),
            authentication: session("alice").authentication,
        }
    }

    /// The judgement in one word, with the scope if there is one.
    fn judged(client: &Client, facts: &Facts<'_>, asked: &str) -> String {
        let sent = parameters(&[("refresh_token", "r"), ("scope", asked)]);
        let client = authenticated(client);
        match Redemption::read(&sent, &client).unwrap().judge(&client, facts, NOW) {
            Judgement::Honour(scope) => format!("honour {scope}"),
            Judgement::Repeat(scope) => format!("repeat {scope}"),
            Judgement::Refuse(error) => error.code.as_str().to_owned(),
            Judgement::Revoke(error, grant_id) => {
                assert_eq!((error.code, grant_id.as_str()), (Code::InvalidGrant, "g"));
                "revoke".to_owned()
            }
        }
    }

    fn facts(grant: &Grant) -> Facts<'_> {
        Facts { grant: Some(grant), expires_at: NOW.plus(GRACE), used: None }
    }

    #[test]
    fn the_scope_may_be_narrowed_and_never_widened() {
        let grant = grant();
        for (asked, expected) in [
            ("", "honour offline_access openid profile"),
            ("openid", "honour openid"),
            ("profile openid", "honour openid profile"),
            (" ", "honour "),
            ("openid email", "invalid_scope"),
            ("unheard-of", "invalid_scope"),
            ("Openid", "invalid_scope"),
        ] {
            assert_eq!(judged(&web(), &facts(&grant), asked), expected, "{asked:?}");
        }
        let narrower = Client { scope: scope("openid"), ..web() };
        assert_eq!(judged(&narrower, &facts(&grant), ""), "honour openid");
        assert_eq!(judged(&narrower, &facts(&grant), "profile"), "honour ");
    }

    // RT1, RT2
    #[test]
    fn a_used_token_is_repeated_within_the_grace_and_otherwise_revokes() {
        let grant = grant();
        for (millis_ago, successor_used, expires_in, expected) in [
            (0, false, 1, "repeat openid"),
            (10_000, false, 1, "repeat openid"),
            (10_000, false, -5_000, "repeat openid"),
            // The clock of another node is ahead of ours.
            (-500, false, 1, "repeat openid"),
            (-10_001, false, 1, "revoke"),
            (-3_600_000, false, 1, "revoke"),
            (10_001, false, 1, "revoke"),
            (0, true, 1, "revoke"),
            (10_001, true, 1, "revoke"),
            (86_400_000, false, -1, "revoke"),
            (i64::MAX / 2, false, 1, "revoke"),
        ] {
            let at = Timestamp::from_millis(NOW.millis() - millis_ago);
            let facts = Facts {
                grant: Some(&grant),
                expires_at: Timestamp::from_millis(NOW.millis() + expires_in),
                used: Some(Use { at, successor_used }),
            };
            assert_eq!(judged(&web(), &facts, "openid"), expected, "{millis_ago} {successor_used}");
        }
    }

    // RT1
    #[test]
    fn no_other_fault_hides_a_reuse() {
        let grant = grant();
        let at = NOW.minus(Duration::from_secs(60));
        let used = Some(Use { at, successor_used: true });
        let facts = Facts { grant: Some(&grant), expires_at: at, used };
        assert_eq!(judged(&web(), &facts, "openid everything"), "revoke");
    }

    #[test]
    fn a_token_that_expired_or_is_unknown_is_refused() {
        let grant = grant();
        for (expires_in, expected) in
            [(1, "honour openid"), (0, "invalid_grant"), (-1, "invalid_grant")]
        {
            let expires_at = Timestamp::from_millis(NOW.millis() + expires_in);
            let facts = Facts { expires_at, ..facts(&grant) };
            assert_eq!(judged(&web(), &facts, "openid"), expected);
        }
        let unknown = Facts { grant: None, ..facts(&grant) };
        assert_eq!(judged(&web(), &unknown, ""), "invalid_grant");
    }

    // RT3
    #[test]
    fn a_token_of_another_client_is_refused_and_revokes_nothing() {
        let grant = Grant { client_id: "other".to_owned(), ..grant() };
        let used = Some(Use { at: NOW, successor_used: true });
        for used in [None, used] {
            let facts = Facts { used, ..facts(&grant) };
            assert_eq!(judged(&web(), &facts, ""), "invalid_grant");
        }
    }
}
