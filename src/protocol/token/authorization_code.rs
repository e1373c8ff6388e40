//! The grant `authorization_code` (RFC 6749 §4.1.3; RFC 7636 §4.5–4.6; RFC 9700 §2.1.1).

use crate::protocol::Timestamp;
use crate::protocol::client::{Client, GrantType};
use crate::protocol::code;
use crate::protocol::error::{Code, Error};
use crate::protocol::parameters::Parameters;
use crate::protocol::scope::OFFLINE_ACCESS;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::{
        CALLBACK, NOW, VERIFIER, ask, endpoint, parameters, session, spa, validate, web,
    };

    const CODE: (&str, &str) = ("code", "c");
    const BOUND: (&str, &str) = ("redirect_uri", CALLBACK);
    const PROOF: (&str, &str) = ("code_verifier", VERIFIER);

    /// The code that answers a sample request with these changes.
    fn code(changes: &[(&str, &str)]) -> code::Code {
        let parameters = ask(changes);
        let request = validate(&parameters, &web()).unwrap();
        let endpoint = endpoint(&parameters, &web()).unwrap();
        let scope = request.scope().clone();
        code::Code::new(&request, "app", &endpoint, &session("alice"), &scope, "g".to_owned())
    }

    fn facts(code: &code::Code) -> Facts<'_> {
        let expires_at = NOW.plus(std::time::Duration::from_secs(60));
        Facts { code: Some(code), expires_at, redeemed: false, alive: true }
    }

    fn judge(client: &Client, facts: &Facts<'_>, sent: &[(&str, &str)]) -> Judgement {
        Redemption::read(&parameters(sent)).unwrap().judge(client, facts, NOW)
    }

    fn is_refused(judgement: &Judgement) -> bool {
        matches!(judgement, Judgement::Refuse(error) if error.code == Code::InvalidGrant)
    }

    #[test]
    fn a_code_with_all_its_bindings_is_honoured() {
        let code = code(&[("scope", "openid offline_access"), ("prompt", "consent")]);
        for client in [web(), spa()] {
            let Judgement::Honour(grant) = judge(&client, &facts(&code), &[CODE, BOUND, PROOF])
            else {
                panic!()
            };
            assert_eq!((grant.grant_id.as_str(), grant.offline), ("g", true));
            assert_eq!(grant.sid.as_deref(), Some("sid of alice"));
            assert!(has_refresh_token(&client, &grant));
        }
    }

    // CO2, PK1, PK2
    #[test]
    fn each_binding_alone_refuses_and_revokes_nothing() {
        let bound = code(&[]);
        let plain = [("code_challenge", ""), ("code_challenge_method", "")];
        let without_pkce = code(&plain);
        let without_uri = code(&[("redirect_uri", ""), ("scope", "profile")]);
        let wrong_proof = ("code_verifier", &*"x".repeat(43));
        for (code, sent, fits) in [
            (&bound, vec![CODE, BOUND, PROOF], true),
            (&bound, vec![CODE, PROOF], false),
            (&bound, vec![CODE, ("redirect_uri", ""), PROOF], false),
            (&bound, vec![CODE, ("redirect_uri", "https://app.example/cb/"), PROOF], false),
            (&bound, vec![CODE, BOUND], false),
            (&bound, vec![CODE, BOUND, ("code_verifier", "")], false),
            (&bound, vec![CODE, BOUND, wrong_proof], false),
            (&without_pkce, vec![CODE, BOUND], true),
            (&without_pkce, vec![CODE, BOUND, PROOF], false),
            (&without_uri, vec![CODE, PROOF], true),
            (&without_uri, vec![CODE, BOUND, PROOF], false),
        ] {
            for client in [web(), spa()] {
                for redeemed in [false, true] {
                    let facts = Facts { redeemed, ..facts(code) };
                    let judgement = judge(&client, &facts, &sent);
                    assert_eq!(is_refused(&judgement), !fits, "{sent:?} {judgement:?}");
                }
            }
        }
        let mut other = web();
        other.client_id = "other".to_owned();
        for redeemed in [false, true] {
            let facts = Facts { redeemed, ..facts(&bound) };
            assert!(is_refused(&judge(&other, &facts, &[CODE, BOUND, PROOF])));
        }
    }

    // CO1, CO5
    #[test]
    fn what_is_not_alive_is_refused_and_what_was_used_is_revoked() {
        let code = code(&[]);
        let sent = [CODE, BOUND, PROOF];
        for (expires_in, redeemed, alive, expected) in [
            (1, false, true, "honour"),
            (0, false, true, "refuse"),
            (-1, false, true, "refuse"),
            (1, false, false, "refuse"),
            (1, true, true, "revoke"),
            (1, true, false, "revoke"),
            // "even expired"
            (-1, true, true, "revoke"),
        ] {
            let expires_at = Timestamp::from_millis(NOW.millis() + expires_in);
            let facts = Facts { code: Some(&code), expires_at, redeemed, alive };
            let found = match judge(&web(), &facts, &sent) {
                Judgement::Honour(_) => "honour",
                Judgement::Refuse(_) => "refuse",
                Judgement::Revoke(error, grant_id) => {
                    assert_eq!((error.code, grant_id.as_str()), (Code::InvalidGrant, "g"));
                    "revoke"
                }
            };
            assert_eq!(found, expected, "{expires_in} {redeemed} {alive}");
        }
        let unknown = Facts { code: None, ..facts(&code) };
        assert!(is_refused(&judge(&web(), &unknown, &sent)));
    }

    #[test]
    fn what_the_client_may_no_longer_have_is_left_out() {
        let code = code(&[("scope", "openid offline_access"), ("prompt", "consent")]);
        let client = Client { scope: crate::protocol::samples::scope("openid"), ..web() };
        let Judgement::Honour(grant) = judge(&client, &facts(&code), &[CODE, BOUND, PROOF]) else {
            panic!()
        };
        assert_eq!((grant.scope.to_string().as_str(), grant.offline), ("openid", false));
    }

    #[test]
    fn a_refresh_token_comes_with_offline_access_or_by_the_clients_policy() {
        let code = code(&[]);
        let Judgement::Honour(grant) = judge(&web(), &facts(&code), &[CODE, BOUND, PROOF]) else {
            panic!()
        };
        let offline = Grant { offline: true, ..(*grant).clone() };
        for (grants, by_policy, online, offline_too) in [
            (vec![GrantType::AuthorizationCode, GrantType::RefreshToken], true, true, true),
            (vec![GrantType::AuthorizationCode, GrantType::RefreshToken], false, false, true),
            (vec![GrantType::AuthorizationCode], true, false, false),
        ] {
            let client = Client {
                grant_types: grants.into_iter().collect(),
                refresh_tokens_end_with_session: by_policy,
                ..web()
            };
            assert_eq!(has_refresh_token(&client, &grant), online);
            assert_eq!(has_refresh_token(&client, &offline), offline_too);
        }
    }
}
