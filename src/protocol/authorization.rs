//! The authorization endpoint (RFC 6749 §3.1, §4.1, §4.2; OIDC Core §3).
//!
//! A request passes stages, each a type that only the one before it can make:
//!
//! ```text
//! Parameters ──▶ RedirectionEndpoint ──▶ Request ──▶ Decision
//!            └ error shown         └ error redirected
//! ```
//!
//! No step is remembered: on every return from a page the same [`Request::decide`] is asked, and a login, a consent or a
//! choice counts for `prompt` because it recorded the id of the request that it answered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Timestamp;
use super::claims;
use super::claims_request::{ClaimsRequest, Demand};
use super::client::{Client, GrantType};
use super::error::{Code, Error};
use super::parameters::Parameters;
use super::pkce::Challenge;
use super::redirect_uri;
use super::redirection_endpoint::{RedirectionEndpoint, permits, read_state};
use super::response_type::{ResponseMode, ResponseType};
use super::scope::{self, Scope};
use super::session::{Consent, Session};

/// The parameters of one request total at most this many bytes: they travel sealed through URLs.
pub const LIMIT: usize = 4096;

/// What this server permits any client, from its configuration.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub scopes: Scope,
    pub acr_values: Vec<String>,
    pub plain_pkce: bool,
    pub require_pkce: bool,
}

/// One value of `prompt` (OIDC Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    pub const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("login", Self::Login),
        ("consent", Self::Consent),
        ("select_account", Self::SelectAccount),
    ];
}

/// The values of `display` that do not cause an error; all are shown the same page (OIDC Core §3.1.2.1).
pub const DISPLAY: [&str; 4] = ["page", "popup", "touch", "wap"];

/// A request by whose rules the client may ask.
#[derive(Clone, Debug)]
pub struct Request {
    id: String,
    received_at: Timestamp,
    response_type: ResponseType,
    scope: Scope,
    asked: Scope,
    nonce: Option<String>,
    challenge: Option<Challenge>,
    prompt: BTreeSet<Prompt>,
    max_age: Option<u64>,
    claims: ClaimsRequest,
    acr_values: Vec<String>,
    id_token_hint: Option<String>,
    login_hint: Option<String>,
    trusted: bool,
    consent_is_remembered: bool,
}

impl Request {
    /// Reads every parameter. The error, if any, goes through the [`RedirectionEndpoint`], which is why there must be one.
    pub fn validate(
        endpoint: &RedirectionEndpoint,
        parameters: &Parameters,
        client: &Client,
        policy: &Policy,
        id: &str,
        received_at: Timestamp,
    ) -> Result<Self, Error> {
        refuse_unsupported(parameters)?;
        parameters.within(LIMIT)?;
        read_state(parameters)?;
        let response_type = read_response_type(parameters, client)?;
        let private_use = redirect_uri::is_private_use(endpoint.redirect_uri());
        if private_use && response_type.is_front_channel() {
            return Err(Code::UnauthorizedClient.because(
                "a redirect_uri of a private-use scheme never gets front-channel tokens",
            ));
        }
        let asked =
            Scope::parse(parameters.get("scope")?.unwrap_or_default(), client.scope_delimiter)?;
        let prompt = read_prompt(parameters)?;
        let scope = narrow(&asked, response_type, &prompt, client, policy)?;
        let nonce = parameters.get("nonce")?.map(str::to_owned);
        if response_type.id_token && nonce.is_none() {
            return Err(Code::InvalidRequest.because(
                "nonce is missing; an ID Token from the authorization endpoint needs it",
            ));
        }
        let challenge = Challenge::read(parameters, policy.plain_pkce)?;
        let needs_pkce =
            policy.require_pkce || client.require_pkce || !client.is_confidential() || private_use;
        if response_type.code && challenge.is_none() && needs_pkce {
            return Err(Code::InvalidRequest.because("code_challenge is missing"));
        }
        let claims = parameters.get("claims")?.map(ClaimsRequest::parse).transpose()?;
        let acr_values = parameters.get("acr_values")?.unwrap_or_default();
        ignore_well_formed(parameters)?;
        Ok(Self {
            id: id.to_owned(),
            received_at,
            response_type,
            scope,
            asked,
            nonce,
            challenge,
            prompt,
            max_age: read_max_age(parameters)?.or(client.default_max_age),
            claims: claims.unwrap_or_default(),
            acr_values: acr_values
                .split(' ')
                .filter(|value| policy.acr_values.iter().any(|known| known == value))
                .map(str::to_owned)
                .collect(),
            id_token_hint: parameters.get("id_token_hint")?.map(str::to_owned),
            login_hint: parameters.get("login_hint")?.map(str::to_owned),
            trusted: client.is_trusted(),
            consent_is_remembered: client.is_identifiable(),
        })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn response_type(&self) -> ResponseType {
        self.response_type
    }

    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub fn claims(&self) -> &ClaimsRequest {
        &self.claims
    }

    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    pub fn challenge(&self) -> Option<&Challenge> {
        self.challenge.as_ref()
    }

    /// An ID Token of ours, still to be verified.
    pub fn id_token_hint(&self) -> Option<&str> {
        self.id_token_hint.as_deref()
    }

    pub fn login_hint(&self) -> Option<&str> {
        self.login_hint.as_deref()
    }

    /// The values of `acr` that the client would like, best first; those that we do not know are left out.
    pub fn acr_values(&self) -> &[String] {
        &self.acr_values
    }

    /// What goes into the answer's `scope`, if that must be said: "OPTIONAL, if identical to the scope requested by the client; otherwise,
    /// REQUIRED." (RFC 6749 §4.2.2)
    pub fn differing<'a>(&self, granted: &'a Scope) -> Option<&'a Scope> {
        (*granted != self.asked).then_some(granted)
    }
}

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
    ChooseAccount(Session),
    AskConsent(Session),
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
            return Decision::ChooseAccount(session);
        }
        if self.has_consent(facts.consent.as_ref()) {
            return Decision::Grant { session, scope: self.scope.clone() };
        }
        if silent {
            return Decision::Refuse(Code::ConsentRequired.because("the End-User must consent"));
        }
        Decision::AskConsent(session)
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
                || claims::is_of_scope(claim, &consent.scope, &[])
        };
        self.scope.is_subset(&consent.scope) && self.claims.names().all(agreed)
    }
}

fn login_required() -> Decision {
    Decision::Refuse(Code::LoginRequired.because("the End-User must log in"))
}

/// "If the OP does not support..., the OP MUST return request_not_supported" and its siblings (OIDC Core §6.1, §6.2, §7.2.1).
fn refuse_unsupported(parameters: &Parameters) -> Result<(), Error> {
    for (name, code) in [
        ("request", Code::RequestNotSupported),
        ("request_uri", Code::RequestUriNotSupported),
        ("registration", Code::RegistrationNotSupported),
    ] {
        if parameters.get(name)?.is_some() {
            return Err(code.because(format!("{name} is not supported")));
        }
    }
    Ok(())
}

fn read_response_type(parameters: &Parameters, client: &Client) -> Result<ResponseType, Error> {
    let text = parameters.require("response_type")?;
    let response_type: ResponseType = text.parse().map_err(|_| {
        Code::UnsupportedResponseType.because("response_type is not one that is supported")
    })?;
    if !client.may_ask_for(response_type) {
        return Err(Code::UnauthorizedClient
            .because(format!("response_type {response_type} is not registered for this client")));
    }
    if let Some(mode) = parameters.get("response_mode")? {
        let mode = ResponseMode::parse(mode)
            .ok_or_else(|| Code::InvalidRequest.because("response_mode is unknown"))?;
        if !permits(response_type, mode) {
            return Err(Code::InvalidRequest
                .because("response_mode query cannot carry a token; use fragment or form_post"));
        }
    }
    Ok(response_type)
}

/// The scope that may be granted: what was asked, narrowed to what the client may have.
fn narrow(
    asked: &Scope,
    response_type: ResponseType,
    prompt: &BTreeSet<Prompt>,
    client: &Client,
    policy: &Policy,
) -> Result<Scope, Error> {
    let openid = asked.contains(scope::OPENID);
    if response_type.id_token && !openid {
        return Err(Code::InvalidRequest.because("scope lacks openid, which an ID Token needs"));
    }
    let allowed = policy.scopes.intersect(&client.scope);
    if openid && !allowed.contains(scope::OPENID) {
        return Err(Code::InvalidScope.because("scope openid is not allowed for this client"));
    }
    if let Some(name) = asked.beyond(&allowed).filter(|_| !openid) {
        return Err(
            Code::InvalidScope.because(format!("scope {name} is not allowed for this client"))
        );
    }
    let granted = asked.intersect(&allowed);
    let offline = response_type.code
        && client.allows(GrantType::RefreshToken)
        && (client.is_trusted() || prompt.contains(&Prompt::Consent));
    // "MUST ignore the offline_access request unless the Client is using a response_type value that would result in an
    // Authorization Code being returned", and without `prompt=consent` or other conditions (OIDC Core §11).
    Ok(if offline { granted } else { granted.without(scope::OFFLINE_ACCESS) })
}

fn read_prompt(parameters: &Parameters) -> Result<BTreeSet<Prompt>, Error> {
    let words = parameters.get("prompt")?.unwrap_or_default().split(' ').filter(|w| !w.is_empty());
    let prompt: BTreeSet<Prompt> = words
        .map(|word| {
            Prompt::ALL
                .iter()
                .find(|(name, _)| *name == word)
                .map(|(_, prompt)| *prompt)
                .ok_or_else(|| Code::InvalidRequest.because("prompt holds an unknown value"))
        })
        .collect::<Result<_, _>>()?;
    // "If this parameter contains none with any other value, an error is returned." (OIDC Core §3.1.2.1)
    if prompt.contains(&Prompt::None) && prompt.len() > 1 {
        return Err(Code::InvalidRequest.because("prompt holds none together with another value"));
    }
    Ok(prompt)
}

fn read_max_age(parameters: &Parameters) -> Result<Option<u64>, Error> {
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().filter(|age| *age <= u64::from(u32::MAX))
    };
    parameters
        .get("max_age")?
        .map(|text| {
            number(text)
                .ok_or_else(|| Code::InvalidRequest.because("max_age is not a number of seconds"))
        })
        .transpose()
}

/// Parameters that change nothing here, but may not be repeated either.
fn ignore_well_formed(parameters: &Parameters) -> Result<(), Error> {
    for name in ["ui_locales", "claims_locales"] {
        parameters.get(name)?;
    }
    match parameters.get("display")? {
        Some(display) if !DISPLAY.contains(&display) => {
            Err(Code::InvalidRequest.because("display holds an unknown value"))
        }
        _ => Ok(()),
    }
}
