//! What the tests of the protocol start from: clients as they are registered, a request without fault, people.

use serde_json::json;

use super::authorization::{Policy, Request};
use super::client::SecretHash;
use super::client_authentication::{AuthenticatedClient, Presented};
use super::redirection_endpoint::RedirectionEndpoint;
use super::session::{Authentication, Consent, Session};
use super::{Client, Error, Parameters, Scope, Timestamp};

pub(crate) const ISSUER: &str = "https://op.example";
pub(crate) const CALLBACK: &str = "https://app.example/cb";
pub(crate) const SECRET: &str = "7Fjfp0ZBr1KtDRbnfVdmIw";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// The id of every sample request.
pub(crate) const ID: &str = "r1";
/// When it was received.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

/// A confidential client that may do everything.
pub(crate) fn web() -> Client {
    let mut client = read(json!({
        "client_id": "app",
        "client_name": "The Application",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "response_types": [
            "code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token",
        ],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "scope": "openid profile email offline_access",
        "token_endpoint_auth_method": "client_secret_basic",
    }));
    client.secret = Some(SecretHash::of(SECRET));
    client
}

/// The same as a public client whose redirect URIs are all https.
pub(crate) fn spa() -> Client {
    let mut client = web();
    client.token_endpoint_auth_method = super::client::AuthMethod::None;
    client.secret = None;
    client
}

/// A public client on someone's own device (RFC 8252).
pub(crate) fn native() -> Client {
    read(json!({
        "client_id": "app",
        "client_name": "The Tool",
        "application_type": "native",
        "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]:3000/cb?x=1", "com.example.tool:/cb"],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile",
        "token_endpoint_auth_method": "none",
    }))
}

fn read(metadata: serde_json::Value) -> Client {
    let client: Client = serde_json::from_value(metadata).unwrap();
    assert!(!client.disabled);
    client
}

pub(crate) fn policy() -> Policy {
    Policy {
        scopes: scope("openid profile email address phone offline_access api groups"),
        acr_values: vec!["urn:pwd".to_owned(), "urn:mfa".to_owned()],
        plain_pkce: false,
        require_pkce: false,
    }
}

pub(crate) fn scope(names: &str) -> Scope {
    Scope::from(names.to_owned())
}

/// A request without fault, with these parameters set instead; an empty value is as good as none.
pub(crate) fn ask(changes: &[(&str, &str)]) -> Parameters {
    let good = [
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = good.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    parameters(kept.chain(changes))
}

pub(crate) fn parameters<'a>(
    pairs: impl IntoIterator<Item = &'a (&'a str, &'a str)>,
) -> Parameters {
    pairs.into_iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn endpoint(
    parameters: &Parameters,
    client: &Client,
) -> Result<RedirectionEndpoint, Error> {
    RedirectionEndpoint::verify(parameters, client, ISSUER)
}

/// Both stages of a request.
pub(crate) fn validate(parameters: &Parameters, client: &Client) -> Result<Request, Error> {
    let endpoint = endpoint(parameters, client)?;
    Request::validate(&endpoint, parameters, client, &policy(), ID, NOW)
}

/// The client, having presented its secret if it has one.
pub(crate) fn authenticated(client: &Client) -> AuthenticatedClient<'_> {
    let basic = basic(&format!("{}:{SECRET}", client.client_id));
    let (body, header) = match client.secret {
        Some(_) => (Parameters::default(), vec![basic.as_bytes()]),
        None => (parameters(&[("client_id", client.client_id.as_str())]), vec![]),
    };
    Presented::read(&body, &header).unwrap().verify(Some(client)).ok().unwrap()
}

pub(crate) fn basic(credentials: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials))
}

/// Someone logged in an hour ago, for another request.
pub(crate) fn session(subject: &str) -> Session {
    Session {
        sid: format!("sid of {subject}"),
        account_id: format!("account of {subject}"),
        subject: subject.to_owned(),
        authentication: Authentication {
            auth_time: NOW.minus(std::time::Duration::from_secs(3600)),
            acr: Some("urn:pwd".to_owned()),
            amr: vec!["pwd".to_owned()],
        },
        login_answered: "r0".to_owned(),
        choice_answered: None,
    }
}

/// Consent to this scope, given to another request.
pub(crate) fn consent(names: &str) -> Consent {
    Consent { scope: scope(names), claims: Vec::new(), answered: "r0".to_owned() }
}

#[test]
fn the_samples_may_be_registered() {
    for client in [web(), spa(), native()] {
        assert_eq!(client.validate(), Ok(()));
        authenticated(&client);
    }
    assert!(validate(&ask(&[]), &web()).is_ok());
}
