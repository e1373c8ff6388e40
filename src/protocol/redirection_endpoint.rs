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
            mode: mode(parameters, redirect_uri),
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

/// The mode asked for where nothing stands in its way, else the response type's own. What the parameters do wrong is
/// refused later, and this is the way that the refusal travels.
fn mode(parameters: &Parameters, redirect_uri: &str) -> ResponseMode {
    let response_type = parameters.get("response_type").ok().flatten();
    let response_type: Option<ResponseType> = response_type.and_then(|text| text.parse().ok());
    let response_type = response_type.unwrap_or(ResponseType::CODE);
    let asked = parameters.get("response_mode").ok().flatten().and_then(ResponseMode::parse);
    asked
        .filter(|mode| obstacle(response_type, *mode, redirect_uri).is_none())
        .unwrap_or_else(|| response_type.default_mode())
}

/// Why an answer cannot travel so, if it cannot.
pub(super) fn obstacle(
    response_type: ResponseType,
    mode: ResponseMode,
    redirect_uri: &str,
) -> Option<&'static str> {
    match mode {
        // OAuth 2.0 Multiple Response Type Encoding Practices §3
        ResponseMode::Query if response_type.is_front_channel() => {
            Some("response_mode query cannot carry a token; use fragment or form_post")
        }
        // What opens an application of the device carries no body.
        ResponseMode::FormPost if redirect_uri::is_private_use(redirect_uri) => {
            Some("response_mode form_post needs a redirect_uri of the scheme https or http")
        }
        _ => None,
    }
}

/// An authorization response, ready to travel. It may hold codes and tokens, so it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    redirect_uri: String,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

/// How the browser carries a [`Reply`].
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
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::{CALLBACK, ask, endpoint, native, parameters, web};

    fn location(parameters: &Parameters, client: &Client) -> String {
        let endpoint = endpoint(parameters, client).unwrap();
        match endpoint.grant(vec![("code", "c".to_owned())]).carriage() {
            Carriage::Redirect(location) => location,
            Carriage::FormPost { action, .. } => format!("POST {action}"),
        }
    }

    #[test]
    fn the_answer_travels_as_the_response_type_and_mode_say() {
        for (response_type, response_mode, start) in [
            ("code", "", "https://app.example/cb?code="),
            ("code", "query", "https://app.example/cb?code="),
            ("code", "fragment", "https://app.example/cb#code="),
            ("code", "form_post", "POST https://app.example/cb"),
            ("token", "", "https://app.example/cb#code="),
            ("token id_token", "fragment", "https://app.example/cb#code="),
            ("id_token", "form_post", "POST https://app.example/cb"),
            // FL2: what is refused later never travels in a query.
            ("id_token", "query", "https://app.example/cb#code="),
            ("code token", "query", "https://app.example/cb#code="),
            ("code id_token", "unknown", "https://app.example/cb#code="),
            ("", "", "https://app.example/cb?code="),
            ("unknown", "", "https://app.example/cb?code="),
            ("unknown", "fragment", "https://app.example/cb#code="),
        ] {
            let parameters =
                ask(&[("response_type", response_type), ("response_mode", response_mode)]);
            let location = location(&parameters, &web());
            assert!(location.starts_with(start), "{response_type} {response_mode}: {location}");
        }
    }

    #[test]
    fn an_answer_to_a_private_use_scheme_travels_by_redirect() {
        let app = ("redirect_uri", "com.example.tool:/cb");
        for (mode, start) in [
            ("form_post", "com.example.tool:/cb?code="),
            ("fragment", "com.example.tool:/cb#code="),
        ] {
            let location = location(&ask(&[app, ("response_mode", mode)]), &native());
            assert!(location.starts_with(start), "{location}");
        }
    }

    #[test]
    fn every_answer_has_the_issuer_and_the_state_as_it_was_sent() {
        let location = location(&ask(&[("state", "a&b=c d+e#f\"'<ü>")]), &web());
        let expected =
            "?code=c&state=a%26b%3Dc+d%2Be%23f%22%27%3C%C3%BC%3E&iss=https%3A%2F%2Fop.example";
        assert_eq!(location, format!("{CALLBACK}{expected}"));

        let endpoint = endpoint(&ask(&[("state", "")]), &web()).unwrap();
        let reply = endpoint.refuse(&Code::AccessDenied.because("no"), "ref-1");
        assert_eq!(
            reply.parameters(),
            [
                ("error", "access_denied".to_owned()),
                ("error_description", "no [ref-1]".to_owned()),
                ("iss", "https://op.example".to_owned()),
            ]
        );
    }

    #[test]
    fn a_state_that_cannot_be_echoed_is_refused_without_it() {
        for state in ["a\nb", "a\r\nb", "\u{1}", "a\u{fffd}"] {
            let parameters = ask(&[("state", state)]);
            assert!(crate::protocol::samples::validate(&parameters, &web()).is_err());
            assert!(!location(&parameters, &web()).contains("state"), "{state:?}");
        }
        let twice: Parameters =
            ask(&[("state", "a")]).iter().chain([("state", "a")]).map(owned).collect();
        assert!(!location(&twice, &web()).contains("state"));
    }

    fn owned((name, value): (&str, &str)) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_description_stays_ascii_whatever_the_reference() {
        let endpoint = endpoint(&ask(&[]), &web()).unwrap();
        let error = Error { code: Code::ServerError, description: "\"ü\"".to_owned() };
        let reply = endpoint.refuse(&error, "\\\"ü\n");
        assert_eq!(reply.parameters()[1].1, "'?' [/'??]");
    }

    #[test]
    fn without_a_redirect_uri_the_only_one_is_meant() {
        let plain = ask(&[("redirect_uri", ""), ("scope", "profile")]);
        let openid = ask(&[("redirect_uri", "")]);
        let found = endpoint(&plain, &web()).unwrap();
        assert_eq!((found.redirect_uri(), found.sent_redirect_uri()), (CALLBACK, None));
        assert!(endpoint(&openid, &web()).is_err());
        let sent = endpoint(&ask(&[]), &web()).unwrap();
        assert_eq!(sent.sent_redirect_uri(), Some(CALLBACK));

        let mut several = web();
        several.redirect_uris.push("https://app.example/2".to_owned());
        assert!(endpoint(&plain, &several).is_err());
        several.first_redirect_uri_is_default = true;
        assert_eq!(endpoint(&plain, &several).unwrap().redirect_uri(), CALLBACK);
        assert!(endpoint(&openid, &several).is_err());
        several.redirect_uris.clear();
        assert!(endpoint(&plain, &several).is_err());
    }

    #[test]
    fn whether_openid_is_asked_for_is_read_as_the_client_writes_scopes() {
        let comma = ask(&[("redirect_uri", ""), ("scope", "profile,openid")]);
        assert!(endpoint(&comma, &web()).is_ok());
        let mut client = web();
        client.scope_delimiter = super::super::scope::Delimiter::Comma;
        assert!(endpoint(&comma, &client).is_err());
        let malformed = ask(&[("redirect_uri", ""), ("scope", "openid\t")]);
        assert!(endpoint(&malformed, &web()).is_err());
        let twice: Parameters = ask(&[("redirect_uri", ""), ("scope", "profile")])
            .iter()
            .chain([("scope", "openid")])
            .map(owned)
            .collect();
        assert!(endpoint(&twice, &web()).is_err());
    }

    // RU7, RU8
    #[test]
    fn what_is_wrong_with_client_or_redirect_uri_is_shown() {
        for pairs in [
            vec![("redirect_uri", CALLBACK)],
            vec![("client_id", "other"), ("redirect_uri", CALLBACK)],
            vec![("client_id", "app"), ("client_id", "app"), ("redirect_uri", CALLBACK)],
            vec![("client_id", "app"), ("redirect_uri", CALLBACK), ("redirect_uri", CALLBACK)],
            vec![("client_id", "app"), ("redirect_uri", "https://evil.example")],
        ] {
            assert!(endpoint(&parameters(&pairs), &web()).is_err(), "{pairs:?}");
        }
        let mut disabled = web();
        disabled.disabled = true;
        assert!(endpoint(&ask(&[]), &disabled).is_err());
    }

    // RU3
    #[test]
    fn the_port_of_a_native_application_is_the_one_it_presented() {
        for (presented, start) in [
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004/cb?code="),
            ("http://[::1]:51004/cb?x=1", "http://[::1]:51004/cb?x=1&code="),
            ("com.example.tool:/cb", "com.example.tool:/cb?code="),
        ] {
            let parameters = ask(&[("redirect_uri", presented)]);
            assert!(location(&parameters, &native()).starts_with(start), "{presented}");
        }
    }

    #[test]
    fn a_query_is_kept_and_extended() {
        for (uri, expected) in [
            ("https://a.example", "https://a.example?x=1"),
            ("https://a.example/?", "https://a.example/?x=1"),
            ("https://a.example/?y=2", "https://a.example/?y=2&x=1"),
            ("https://a.example/?y=2&", "https://a.example/?y=2&x=1"),
            ("https://a.example/?y=?", "https://a.example/?y=?&x=1"),
        ] {
            assert_eq!(append_query(uri, "x=1"), expected);
        }
    }
}
