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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::{SECRET, basic, native, parameters, spa, web};

    const OK: Option<Code> = None;
    const REFUSED: Option<Code> = Some(Code::InvalidClient);

    /// The code of the refusal, if it is one.
    fn outcome(client: &Client, body: &[(&str, &str)], headers: &[&[u8]]) -> Option<Code> {
        Presented::read(&parameters(body), headers)
            .and_then(|presented| presented.verify(Some(client)).map(|_| ()))
            .err()
            .map(|error| error.code)
    }

    fn by_header(header: &[u8]) -> Option<Code> {
        outcome(&web(), &[], &[header])
    }

    // CA6
    #[test]
    fn basic_is_read_strictly() {
        let good = basic(&format!("app:{SECRET}"));
        let credentials = &good["Basic ".len()..];
        for (header, expected) in [
            (good.clone(), OK),
            (format!("basic {credentials}"), OK),
            (format!("BASIC  {credentials}"), OK),
            (basic(&format!("%61pp:{SECRET}")), OK),
            (basic(&format!("app:%37{}", &SECRET[1..])), OK),
            ("".to_owned(), REFUSED),
            ("Basic".to_owned(), REFUSED),
            ("Basic ".to_owned(), REFUSED),
            (format!("Basic{credentials}"), REFUSED),
            (format!("Basic\t{credentials}"), REFUSED),
            (format!(" Basic {credentials}"), REFUSED),
            (format!("Basic {credentials} "), REFUSED),
            (format!("Basic {credentials}="), REFUSED),
            (format!("Basic {credentials},{credentials}"), REFUSED),
            (format!("Basic {credentials}\n"), REFUSED),
            (format!("Bearer {credentials}"), REFUSED),
            (format!("Digest {credentials}"), REFUSED),
            ("Basic !!!!".to_owned(), REFUSED),
            ("Basic YXBw-_".to_owned(), REFUSED),
            (basic("app"), REFUSED),
            (basic(""), REFUSED),
            (basic(":"), REFUSED),
            (basic(&format!(":{SECRET}")), REFUSED),
            (basic(&format!("app::{SECRET}")), REFUSED),
            (basic(&format!("app :{SECRET}")), REFUSED),
            (basic(&format!("app: {SECRET}")), REFUSED),
            (basic(&format!("app:{SECRET}+")), REFUSED),
            (basic(&format!("app:{SECRET}%")), REFUSED),
            (basic(&format!("app:{SECRET}%0")), REFUSED),
            (basic(&format!("app:{SECRET}%zz")), REFUSED),
            (basic(&format!("app:{SECRET}&x=1")), REFUSED),
            (basic(&format!("app:{SECRET}=")), REFUSED),
            (basic(&format!("app:{SECRET}%00")), REFUSED),
            (basic(&format!("app:{SECRET}\n")), REFUSED),
            (basic(&format!("app\0:{SECRET}")), REFUSED),
            (basic(&format!("ápp:{SECRET}")), REFUSED),
        ] {
            assert_eq!(by_header(header.as_bytes()), expected, "{header:?}");
        }
        // The bytes of `app:\xff`, and a header that is no text.
        assert_eq!(by_header(b"Basic YXBwOv8="), REFUSED);
        assert_eq!(by_header(b"Basic \xff"), REFUSED);
        assert_eq!(by_header(b"\xff"), REFUSED);
    }

    // CA6
    #[test]
    fn credentials_come_in_one_place() {
        let header = basic(&format!("app:{SECRET}"));
        let header = header.as_bytes();
        for (body, headers, expected) in [
            (vec![("client_id", "app")], vec![header], OK),
            (vec![("client_id", "app"), ("client_secret", "")], vec![header], OK),
            (vec![("client_id", "other")], vec![header], Some(Code::InvalidRequest)),
            (vec![("client_secret", SECRET)], vec![header], Some(Code::InvalidRequest)),
            (vec![("client_secret", "x")], vec![header], Some(Code::InvalidRequest)),
            (vec![("client_id", "app"); 2], vec![header], Some(Code::InvalidRequest)),
            (vec![], vec![header, header], REFUSED),
            (vec![("client_assertion", "x")], vec![header], REFUSED),
            (vec![("client_id", "app"), ("client_assertion_type", "x")], vec![], REFUSED),
            (vec![("client_secret", SECRET)], vec![], REFUSED),
            (vec![], vec![], REFUSED),
        ] {
            assert_eq!(outcome(&web(), &body, &headers), expected, "{body:?} {}", headers.len());
        }
    }

    #[test]
    fn only_the_registered_method_is_accepted() {
        let header = basic(&format!("app:{SECRET}"));
        for registered in AuthMethod::ALL {
            for presented in AuthMethod::ALL {
                let mut client = web();
                client.token_endpoint_auth_method = registered;
                let (body, headers) = match presented {
                    AuthMethod::None => (vec![("client_id", "app")], vec![]),
                    AuthMethod::ClientSecretPost => {
                        (vec![("client_id", "app"), ("client_secret", SECRET)], vec![])
                    }
                    AuthMethod::ClientSecretBasic => (vec![], vec![header.as_bytes()]),
                };
                let expected = if registered == presented { OK } else { REFUSED };
                let found = outcome(&client, &body, &headers);
                assert_eq!(found, expected, "{registered:?} {presented:?}");
            }
        }
    }

    // CA2
    #[test]
    fn an_empty_or_blank_secret_proves_nothing() {
        for registered in [None, Some(""), Some(" "), Some(SECRET)] {
            let mut client = web();
            client.secret = registered.map(super::super::client::SecretHash::of);
            for presented in ["", " ", "\t", "null", "undefined"] {
                if registered == Some(presented) && !presented.is_empty() {
                    continue;
                }
                client.token_endpoint_auth_method = AuthMethod::ClientSecretBasic;
                let header = basic(&format!("app:{}", presented.replace(' ', "+")));
                assert_eq!(outcome(&client, &[], &[header.as_bytes()]), REFUSED);
                client.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
                let body = [("client_id", "app"), ("client_secret", presented)];
                assert_eq!(outcome(&client, &body, &[]), REFUSED, "{registered:?} {presented:?}");
            }
        }
    }

    // PK3
    #[test]
    fn a_public_client_that_presents_a_secret_is_refused() {
        for client in [spa(), native()] {
            assert_eq!(outcome(&client, &[("client_id", "app")], &[]), OK);
            for secret in [SECRET, "x", " "] {
                let body = [("client_id", "app"), ("client_secret", secret)];
                assert_eq!(outcome(&client, &body, &[]), REFUSED);
            }
            for credentials in ["app:", "app:x"] {
                assert_eq!(outcome(&client, &[], &[basic(credentials).as_bytes()]), REFUSED);
            }
        }
    }

    #[test]
    fn an_unknown_a_disabled_and_a_wrong_client_are_refused_alike() {
        let header = basic(&format!("app:{SECRET}"));
        let presented = Presented::read(&Parameters::default(), &[header.as_bytes()]).unwrap();
        assert_eq!(presented.client_id(), "app");
        let mut disabled = web();
        disabled.disabled = true;
        let mut other = web();
        other.client_id = "other".to_owned();
        let mut wrong = web();
        wrong.secret = Some(super::super::client::SecretHash::of("x"));
        let refusals = [None, Some(&disabled), Some(&other), Some(&wrong)]
            .map(|client| presented.verify(client).err().unwrap());
        assert!(refusals.iter().all(|error| *error == refusals[0]));
        assert_eq!(refusals[0].code, Code::InvalidClient);
    }

    #[test]
    fn values_are_decoded_as_rfc_6749_encodes_them() {
        for (text, decoded) in [
            ("", Some("")),
            ("abc", Some("abc")),
            ("a+b", Some("a b")),
            ("a%2Bb", Some("a+b")),
            ("a%20b", Some("a b")),
            ("a%3ab", Some("a:b")),
            ("a%26%3D", Some("a&=")),
            ("%25", Some("%")),
            ("a&b", None),
            ("a=b", None),
            ("%", None),
            ("%4", None),
            ("%4g", None),
            ("%%41", None),
            ("%C3%BC", None),
            ("%FF", None),
            ("%0a", None),
            ("%7f", None),
            ("ü", None),
        ] {
            assert_eq!(form_decode(text).as_deref(), decoded, "{text}");
        }
    }
}
