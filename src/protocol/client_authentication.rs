//! Client authentication (RFC 6749 §2.3, §3.2.1; OIDC Core §9): the one choke point of every endpoint that asks for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::client::{AuthMethod, Client};
use super::error::{Code, Error};
use super::parameters::Parameters;

/// What a request presents, before it is known to be true.
pub struct Presented {
    client_id: String,
    secret: Option<Zeroizing<String>>,
    method: AuthMethod,
}

/// A client that has proved who it is, or one that has nothing to prove it with and is registered so.
pub struct AuthenticatedClient<'a>(&'a Client);

impl AuthenticatedClient<'_> {
    pub fn client(&self) -> &Client {
        self.0
    }
}

impl Presented {
    /// Reads the header, or `client_id` and `client_secret` of the body.
    ///
    /// "The client MUST NOT use more than one authentication method in each request." (RFC 6749 §2.3)
    pub fn read(parameters: &Parameters, authorization: &[&[u8]]) -> Result<Self, Error> {
        let body_id = parameters.get("client_id")?;
        let body_secret = parameters.get("client_secret")?;
        if parameters.get("client_assertion")?.is_some()
            || parameters.get("client_assertion_type")?.is_some()
        {
            return Err(refused("client_assertion is not supported"));
        }
        match authorization {
            [] => {
                let Some(client_id) = body_id else {
                    return Err(refused("the client did not authenticate"));
                };
                Ok(Self {
                    client_id: client_id.to_owned(),
                    secret: body_secret.map(|secret| Zeroizing::new(secret.to_owned())),
                    method: match body_secret {
                        Some(_) => AuthMethod::ClientSecretPost,
                        None => AuthMethod::None,
                    },
                })
            }
            [header] => {
                if body_secret.is_some() {
                    return Err(Code::InvalidRequest
                        .because("client_secret stands beside an Authorization header"));
                }
                let (client_id, secret) = read_basic(header)
                    .ok_or_else(|| refused("the Authorization header is not valid Basic"))?;
                if body_id.is_some_and(|body_id| body_id != client_id) {
                    return Err(Code::InvalidRequest
                        .because("client_id differs from the Authorization header"));
                }
                Ok(Self { client_id, secret: Some(secret), method: AuthMethod::ClientSecretBasic })
            }
            _ => Err(refused("more than one Authorization header")),
        }
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Checks the proof. Only the method that the client registered is accepted, and a public client that presents a secret is
    /// refused: it is not the client that we know.
    pub fn verify<'a>(&self, client: Option<&'a Client>) -> Result<AuthenticatedClient<'a>, Error> {
        let wrong = || refused("the client is unknown or its authentication is wrong");
        let client = client.filter(|client| !client.disabled).ok_or_else(wrong)?;
        if client.client_id != self.client_id {
            return Err(wrong());
        }
        let proved = match (client.token_endpoint_auth_method, self.method) {
            (AuthMethod::None, AuthMethod::None) => true,
            (AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretBasic)
            | (AuthMethod::ClientSecretPost, AuthMethod::ClientSecretPost) => {
                let secret = self.secret.as_ref().filter(|secret| !secret.is_empty());
                secret.is_some_and(|secret| {
                    client.secret.as_ref().is_some_and(|known| known.is_of(secret))
                })
            }
            _ => false,
        };
        proved.then_some(AuthenticatedClient(client)).ok_or_else(wrong)
    }
}

fn refused(reason: &str) -> Error {
    Code::InvalidClient.because(reason)
}

/// "The client identifier is encoded using the "application/x-www-form-urlencoded" encoding algorithm [...], and the encoded value is used as the
/// username; the client password is encoded using the same algorithm and used as the password." (RFC 6749 §2.3.1)
fn read_basic(header: &[u8]) -> Option<(String, Zeroizing<String>)> {
    let header = std::str::from_utf8(header).ok()?;
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(credentials.trim_start_matches(' ')).ok()?);
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((form_decode(id)?, Zeroizing::new(form_decode(secret)?)))
}

/// Decodes one value. Half a percent sign, or what is no `VSCHAR` (§A.1, §A.2), makes it none.
fn form_decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let whole = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    let separated = text.contains(['&', '=']);
    let (decoded, _) = form_urlencoded::parse(bytes).next().unwrap_or_default();
    let visible = decoded.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    (whole && !separated && visible).then(|| decoded.into_owned())
}
