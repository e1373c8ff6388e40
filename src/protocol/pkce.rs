//! Proof Key for Code Exchange (RFC 7636).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::{Code, Error};
use super::parameters::Parameters;

/// How the challenge was made from the verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transformation {
    S256,
    #[serde(rename = "plain")]
    Plain,
}

impl Transformation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }
}

/// What the authorization request committed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    code_challenge: String,
    code_challenge_method: Transformation,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`. "If the client is capable of using "S256", it MUST use
    /// "S256"" (§4.2): `plain` is refused unless configured.
    pub fn read(parameters: &Parameters, plain: bool) -> Result<Option<Self>, Error> {
        let method = parameters.get("code_challenge_method")?;
        let Some(code_challenge) = parameters.get("code_challenge")? else {
            return match method {
                None => Ok(None),
                Some(_) => Err(Code::InvalidRequest.because("code_challenge is missing")),
            };
        };
        let code_challenge_method = match method {
            Some("S256") => Transformation::S256,
            Some("plain") | None if plain => Transformation::Plain,
            _ => {
                return Err(Code::InvalidRequest
                    .because("code_challenge_method is not supported; use S256"));
            }
        };
        let well_formed = match code_challenge_method {
            Transformation::S256 => code_challenge.len() == 43 && is_base64url(code_challenge),
            Transformation::Plain => is_verifier(code_challenge),
        };
        if !well_formed {
            return Err(Code::InvalidRequest.because("code_challenge is malformed"));
        }
        let code_challenge = code_challenge.to_owned();
        Ok(Some(Self { code_challenge, code_challenge_method }))
    }

    /// Whether the verifier is the one that the challenge was made from (§4.6).
    pub fn is_met_by(&self, code_verifier: &str) -> bool {
        let made = match self.code_challenge_method {
            Transformation::S256 => URL_SAFE_NO_PAD.encode(Sha256::digest(code_verifier)),
            Transformation::Plain => code_verifier.to_owned(),
        };
        is_verifier(code_verifier) && made.as_bytes().ct_eq(self.code_challenge.as_bytes()).into()
    }
}

/// `code-verifier = 43*128unreserved` (§4.1)
fn is_verifier(text: &str) -> bool {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::{CHALLENGE, VERIFIER, parameters};

    fn read(challenge: &str, method: &str, plain: bool) -> Result<Option<Challenge>, Error> {
        let pairs = [("code_challenge", challenge), ("code_challenge_method", method)];
        Challenge::read(&parameters(&pairs), plain)
    }

    #[test]
    fn the_example_of_rfc_7636_is_met_by_its_verifier_alone() {
        let challenge = read(CHALLENGE, "S256", false).unwrap().unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        for wrong in
            ["", CHALLENGE, &VERIFIER[1..], &format!("{VERIFIER}="), &VERIFIER.to_lowercase()]
        {
            assert!(!challenge.is_met_by(wrong), "{wrong}");
        }
    }

    // PK1
    #[test]
    fn plain_is_refused_unless_configured() {
        for method in ["plain", ""] {
            assert!(read(VERIFIER, method, false).is_err(), "{method:?}");
            let challenge = read(VERIFIER, method, true).unwrap().unwrap();
            assert!(challenge.is_met_by(VERIFIER));
            assert!(!challenge.is_met_by(CHALLENGE));
        }
    }

    #[test]
    fn a_malformed_challenge_is_refused() {
        for (challenge, method) in [
            ("", "S256"),
            (&CHALLENGE[1..], "S256"),
            (&format!("{CHALLENGE}="), "S256"),
            (&CHALLENGE.replace('E', "+"), "S256"),
            (CHALLENGE, "s256"),
            (CHALLENGE, "S512"),
            (CHALLENGE, "none"),
            ("too short", "plain"),
            (&"x".repeat(129), "plain"),
            (&"ü".repeat(43), "plain"),
        ] {
            let error = read(challenge, method, true).unwrap_err();
            assert_eq!(error.code, Code::InvalidRequest, "{challenge} {method}");
        }
        assert_eq!(read("", "", true), Ok(None));
    }

    #[test]
    fn a_verifier_has_43_to_128_unreserved_characters() {
        for (verifier, valid) in [
            ("x".repeat(42), false),
            ("x".repeat(43), true),
            ("-._~".repeat(32), true),
            ("x".repeat(129), false),
            (format!("{} ", "x".repeat(43)), false),
            (format!("{}+", "x".repeat(43)), false),
        ] {
            let code_challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
            let challenge = read(&code_challenge, "S256", false).unwrap().unwrap();
            assert_eq!(challenge.is_met_by(&verifier), valid, "{verifier}");
        }
    }
}
