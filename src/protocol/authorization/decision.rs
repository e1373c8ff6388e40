//! What follows a request that was found good: a page, an error or an answer (OIDC Core §3.1.2.1, §3.1.2.3, §3.1.2.4).

use serde_json::Value;

use super::{Prompt, Request};
use crate::protocol::claims;
use crate::protocol::claims_request::Demand;
use crate::protocol::error::{Code, Error};
use crate::protocol::scope::Scope;
use crate::protocol::session::{Consent, Session};

/// What the world holds when a decision is asked for.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The session of this browser, of an account in good standing.
    pub session: Option<Session>,
    /// What that session's account has agreed to for this client.
    pub consent: Option<Consent>,
    /// The subject of the verified `id_token_hint`.
    pub hint: Option<String>,
}

/// The next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    LogIn,
    ChooseAccount,
    AskConsent,
    Refuse(Error),
    Grant { session: Session, scope: Scope },
}

impl Request {
    /// The next step, given who sits at the browser and what they agreed to.
    pub fn decide(&self, facts: Facts) -> Decision {
        let silent = self.prompt.contains(&Prompt::None);
        let Some(session) = facts.session.filter(|session| self.is_recent(session)) else {
            return if silent { login_required() } else { Decision::LogIn };
        };
        let answered = session.login_answered == self.id;
        if !self.is_whom_the_client_means(&session, facts.hint.as_deref()) {
            return if silent || answered { login_required() } else { Decision::LogIn };
        }
        if !self.is_strong_enough(&session) {
            return if silent || answered {
                Decision::Refuse(Code::AccessDenied.because("the essential acr cannot be met"))
            } else {
                Decision::LogIn
            };
        }
        let chosen = answered || session.choice_answered.as_deref() == Some(&self.id);
        if self.prompt.contains(&Prompt::SelectAccount) && !chosen {
            return Decision::ChooseAccount;
        }
        if self.has_consent(facts.consent.as_ref()) {
            return Decision::Grant { session, scope: self.scope.clone() };
        }
        if silent {
            return Decision::Refuse(Code::ConsentRequired.because("the End-User must consent"));
        }
        Decision::AskConsent
    }

    /// A login that answered this request is always recent enough; others as `prompt` and `max_age` say.
    fn is_recent(&self, session: &Session) -> bool {
        let age = self.received_at.since(session.authentication.auth_time);
        let old = match self.max_age {
            None => false,
            // "Note that max_age=0 is equivalent to prompt=login." (OIDC Core §3.1.2.1)
            Some(0) => true,
            Some(limit) => age.as_millis() > u128::from(limit) * 1000,
        };
        session.login_answered == self.id || !self.prompt.contains(&Prompt::Login) && !old
    }

    /// "The Authorization Server MUST NOT reply with an ID Token or Access Token for a different user" (OIDC Core §5.5.1), and so for
    /// the subject of `id_token_hint` (§3.1.2.1).
    fn is_whom_the_client_means(&self, session: &Session, hint: Option<&str>) -> bool {
        hint.is_none_or(|hint| hint == session.subject)
            && self.claims.admits_subject(&session.subject)
    }

    /// "If the acr Claim is requested as an Essential Claim for the ID Token with a values parameter [...], the Authorization Server MUST return an
    /// acr Claim Value that matches one of the requested values. [...] If this is an Essential Claim and the requirement cannot be met, then the
    /// Authorization Server MUST treat that outcome as a failed authentication attempt." (OIDC Core §5.5.1.1)
    fn is_strong_enough(&self, session: &Session) -> bool {
        let insists = |demand: &&Demand| demand.essential && !demand.values.is_empty();
        let Some(demand) = self.claims.id_token.get("acr").filter(insists) else { return true };
        let acr = session.authentication.acr.clone().map(Value::String);
        acr.is_some_and(|acr| demand.is_met_by(&acr))
    }

    fn has_consent(&self, consent: Option<&Consent>) -> bool {
        let answers = |consent: &&Consent| consent.answered == self.id;
        if self.prompt.contains(&Prompt::Consent) {
            return consent.filter(answers).is_some_and(|consent| self.is_covered(consent));
        }
        self.trusted
            || consent
                .filter(|consent| self.consent_is_remembered || answers(consent))
                .is_some_and(|consent| self.is_covered(consent))
    }

    fn is_covered(&self, consent: &Consent) -> bool {
        let agreed = |claim: &str| {
            consent.claims.iter().any(|known| known == claim)
                || claims::is_of_scope(claim, &consent.scope)
        };
        self.scope.is_subset(&consent.scope) && self.claims.names().all(agreed)
    }
}

fn login_required() -> Decision {
    Decision::Refuse(Code::LoginRequired.because("the End-User must log in"))
}

#[cfg(test)]
mod tests;
