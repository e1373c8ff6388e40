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

mod decision;

use std::collections::BTreeSet;

pub use decision::{Decision, Facts};

use super::Timestamp;
use super::claims_request::ClaimsRequest;
use super::client::{Client, GrantType};
use super::error::{Code, Error};
use super::parameters::Parameters;
use super::pkce::Challenge;
use super::redirect_uri;
use super::redirection_endpoint::{RedirectionEndpoint, obstacle, read_state};
use super::response_type::{ResponseMode, ResponseType};
use super::scope::{self, Scope};

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

/// A request by whose rules the client may ask. The hint is a token, so it does not print.
#[derive(Clone, PartialEq, Eq)]
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
        let response_type = read_response_type(endpoint, parameters, client)?;
        let asked =
            Scope::parse(parameters.get("scope")?.unwrap_or_default(), client.scope_delimiter)?;
        let prompt = read_prompt(parameters)?;
        let allowed = policy.scopes.intersect(&client.scope);
        let scope = narrow(&asked, response_type, &prompt, client, &allowed)?;
        let nonce = read_nonce(parameters, response_type)?;
        let challenge = Challenge::read(parameters, policy.plain_pkce)?;
        if response_type.code && challenge.is_none() && needs_pkce(endpoint, client, policy) {
            return Err(Code::InvalidRequest.because("code_challenge is missing"));
        }
        let claims = parameters.get("claims")?.map(ClaimsRequest::parse).transpose()?;
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
            claims: claims.unwrap_or_default().within(&allowed),
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

    /// What goes into the answer's `scope`, if that must be said: "OPTIONAL, if identical to the scope requested by the client; otherwise,
    /// REQUIRED." (RFC 6749 §4.2.2)
    pub fn differing<'a>(&self, granted: &'a Scope) -> Option<&'a Scope> {
        (*granted != self.asked).then_some(granted)
    }
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

fn read_response_type(
    endpoint: &RedirectionEndpoint,
    parameters: &Parameters,
    client: &Client,
) -> Result<ResponseType, Error> {
    let text = parameters.require("response_type")?;
    let response_type: ResponseType = text.parse().map_err(|_| {
        Code::UnsupportedResponseType.because("response_type is not one that is supported")
    })?;
    if !client.may_ask_for(response_type) {
        return Err(Code::UnauthorizedClient
            .because(format!("response_type {response_type} is not registered for this client")));
    }
    let uri = endpoint.redirect_uri();
    if response_type.is_front_channel() && redirect_uri::is_private_use(uri) {
        return Err(Code::UnauthorizedClient
            .because("a redirect_uri of a private-use scheme never gets front-channel tokens"));
    }
    if let Some(mode) = parameters.get("response_mode")? {
        let mode = ResponseMode::parse(mode)
            .ok_or_else(|| Code::InvalidRequest.because("response_mode is unknown"))?;
        if let Some(reason) = obstacle(response_type, mode, uri) {
            return Err(Code::InvalidRequest.because(reason));
        }
    }
    Ok(response_type)
}

fn read_nonce(
    parameters: &Parameters,
    response_type: ResponseType,
) -> Result<Option<String>, Error> {
    let nonce = parameters.get("nonce")?.map(str::to_owned);
    if response_type.id_token && nonce.is_none() {
        return Err(Code::InvalidRequest
            .because("nonce is missing; an ID Token from the authorization endpoint needs it"));
    }
    Ok(nonce)
}

/// Whether somebody else could redeem a code that they came by, or the operator wants it in any case.
fn needs_pkce(endpoint: &RedirectionEndpoint, client: &Client, policy: &Policy) -> bool {
    policy.require_pkce
        || client.require_pkce
        || !client.is_confidential()
        || redirect_uri::is_private_use(endpoint.redirect_uri())
}

/// The scope that may be granted: what was asked, narrowed to what the client may have.
fn narrow(
    asked: &Scope,
    response_type: ResponseType,
    prompt: &BTreeSet<Prompt>,
    client: &Client,
    allowed: &Scope,
) -> Result<Scope, Error> {
    let openid = asked.contains(scope::OPENID);
    if response_type.id_token && !openid {
        return Err(Code::InvalidRequest.because("scope lacks openid, which an ID Token needs"));
    }
    if openid && !allowed.contains(scope::OPENID) {
        return Err(Code::InvalidScope.because("scope openid is not allowed for this client"));
    }
    if let Some(name) = asked.beyond(allowed).filter(|_| !openid) {
        return Err(
            Code::InvalidScope.because(format!("scope {name} is not allowed for this client"))
        );
    }
    let granted = asked.intersect(allowed);
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

/// Parameters that change nothing here, but may not be repeated either. What `acr_values` asks for is voluntary, and no login here proves
/// more than another.
fn ignore_well_formed(parameters: &Parameters) -> Result<(), Error> {
    for name in ["acr_values", "ui_locales", "claims_locales"] {
        parameters.get(name)?;
    }
    match parameters.get("display")? {
        Some(display) if !DISPLAY.contains(&display) => {
            Err(Code::InvalidRequest.because("display holds an unknown value"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
