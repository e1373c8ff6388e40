//! Where an authorization response goes (RFC 6749 §3.1.2, §4.1.2; RFC 9207; Form Post Response Mode).
//!
//! Before there is a [`RedirectionEndpoint`] an error is for the End-User alone; afterwards it goes to the client.

use super::client::Client;
use super::error::{Code, Error};
use super::parameters::Parameters;
use super::redirect_uri;
use super::response_type::{ResponseMode, ResponseType};
use super::scope::{self, Scope};

/// A redirect URI that has been checked against the registration, and how the answer travels there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectionEndpoint {
    redirect_uri: String,
    sent: bool,
    mode: ResponseMode,
    state: Option<String>,
    issuer: String,
}

impl RedirectionEndpoint {
    /// The error, if any, is for the End-User: there is no client to tell.
    pub fn verify(parameters: &Parameters, client: &Client, issuer: &str) -> Result<Self, Error> {
        if client.disabled || parameters.require("client_id")? != client.client_id {
            return Err(Code::InvalidRequest.because("client_id is unknown"));
        }
        let presented = parameters.get("redirect_uri")?;
        let redirect_uri = match presented {
            Some(presented) => client
                .redirect_uris
                .iter()
                .any(|known| redirect_uri::is_same(known, presented, client.application_type))
                .then_some(presented)
                .ok_or_else(|| {
                    Code::InvalidRequest.because("redirect_uri is not registered for this client")
                })?,
            None => default_redirect_uri(parameters, client)?,
        };
        if !redirect_uri::has_allowed_scheme(redirect_uri, client.application_type) {
            return Err(
                Code::InvalidRequest.because("redirect_uri has a scheme that is not allowed")
            );
        }
        Ok(Self {
            redirect_uri: redirect_uri.to_owned(),
            sent: presented.is_some(),
            mode: mode(parameters),
            // A `state` that is refused cannot be echoed by its refusal.
            state: read_state(parameters).ok().flatten().map(str::to_owned),
            issuer: issuer.to_owned(),
        })
    }

    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The redirect URI if the request held it: the token request must then hold the same (RFC 6749 §4.1.3).
    pub fn sent_redirect_uri(&self) -> Option<&str> {
        self.sent.then_some(self.redirect_uri.as_str())
    }

    /// The answer with what was granted.
    pub fn grant(self, granted: Vec<(&'static str, String)>) -> Reply {
        self.reply(granted)
    }

    /// The answer with an error; `reference` is the id under which the log knows more.
    pub fn refuse(self, error: &Error, reference: &str) -> Reply {
        let error = error.code.because(format!("{} [{reference}]", error.description));
        self.reply(vec![
            ("error", error.code.as_str().to_owned()),
            ("error_description", error.description),
        ])
    }

    fn reply(self, mut parameters: Vec<(&'static str, String)>) -> Reply {
        parameters.extend(self.state.map(|state| ("state", state)));
        parameters.push(("iss", self.issuer));
        Reply { redirect_uri: self.redirect_uri, mode: self.mode, parameters }
    }
}

/// `state = 1*VSCHAR` (RFC 6749 §A.5). Other text than ASCII passes, but what forms or decoding would alter does not: "the exact value received
/// from the client" (§4.1.2) could not be echoed.
pub(super) fn read_state(parameters: &Parameters) -> Result<Option<&str>, Error> {
    match parameters.get("state")? {
        Some(state) if state.contains(|c: char| c.is_control() || c == '\u{fffd}') => {
            Err(Code::InvalidRequest.because("state holds control characters or is no UTF-8"))
        }
        state => Ok(state),
    }
}

/// OpenID Connect demands the parameter; RFC 6749 §3.1.2.3 lets a client with one registered URI omit it.
fn default_redirect_uri<'a>(parameters: &Parameters, client: &'a Client) -> Result<&'a str, Error> {
    let asks_for_openid = |scope: &str| {
        // What cannot be read may have been meant so.
        Scope::parse(scope, client.scope_delimiter)
            .map_or(true, |scope| scope.contains(scope::OPENID))
    };
    let missing =
        |reason: &str| Code::InvalidRequest.because(format!("redirect_uri is missing{reason}"));
    if parameters.all("scope").any(asks_for_openid) {
        return Err(missing(" and the scope openid needs it"));
    }
    match client.redirect_uris.as_slice() {
        [] => Err(missing(" and none is registered")),
        [only] => Ok(only),
        [first, ..] if client.first_redirect_uri_is_default => Ok(first),
        _ => Err(missing(" and more than one is registered")),
    }
}

/// The mode asked for where the response type permits it, else the response type's own. What the parameters do wrong is
/// refused later, and this is the way that the refusal travels.
fn mode(parameters: &Parameters) -> ResponseMode {
    let response_type = parameters.get("response_type").ok().flatten();
    let response_type: Option<ResponseType> = response_type.and_then(|text| text.parse().ok());
    let response_type = response_type.unwrap_or(ResponseType::CODE);
    let asked = parameters.get("response_mode").ok().flatten().and_then(ResponseMode::parse);
    asked
        .filter(|mode| permits(response_type, *mode))
        .unwrap_or_else(|| response_type.default_mode())
}

/// Tokens never travel in a query (OAuth 2.0 Multiple Response Type Encoding Practices §3).
pub(super) const fn permits(response_type: ResponseType, mode: ResponseMode) -> bool {
    !(response_type.is_front_channel() && matches!(mode, ResponseMode::Query))
}

/// An authorization response, ready to travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    redirect_uri: String,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

/// How the browser carries a [`Reply`].
#[derive(Debug)]
pub enum Carriage {
    /// `Location` of a redirect.
    Redirect(String),
    /// A page whose form is posted to `action`.
    FormPost { action: String, fields: Vec<(&'static str, String)> },
}

impl Reply {
    pub fn carriage(self) -> Carriage {
        let encoded = || {
            let pairs = self.parameters.iter().map(|(name, value)| (*name, value.as_str()));
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        match self.mode {
            ResponseMode::FormPost => {
                Carriage::FormPost { action: self.redirect_uri, fields: self.parameters }
            }
            ResponseMode::Fragment => {
                Carriage::Redirect(format!("{}#{}", self.redirect_uri, encoded()))
            }
            ResponseMode::Query => Carriage::Redirect(append_query(&self.redirect_uri, &encoded())),
        }
    }

    pub fn parameters(&self) -> &[(&'static str, String)] {
        &self.parameters
    }
}

/// Adds to the query of a URI; one that is there "MUST be retained" (RFC 6749 §3.1.2).
pub(super) fn append_query(uri: &str, query: &str) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{query}")
}
