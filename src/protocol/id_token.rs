//! The ID Token (OIDC Core §2, §3.1.3.6, §3.2.2.10, §3.3.2.11).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::claims::Claims;
use super::session::Authentication;
use super::{Algorithm, Timestamp};

/// The claims of an ID Token.
#[derive(Debug, Serialize)]
pub struct IdToken<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    /// Seconds since the epoch, like `iat` and `auth_time`.
    pub exp: i64,
    pub iat: i64,
    pub auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub amr: &'a [String],
    pub azp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// Claims about the person that were asked for here.
    #[serde(flatten)]
    pub person: Claims,
}

impl<'a> IdToken<'a> {
    /// The claims that every ID Token has; the rest is set where it applies.
    pub fn new(
        issuer: &'a str,
        subject: &'a str,
        client_id: &'a str,
        authentication: &'a Authentication,
        issued_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            iss: issuer,
            sub: subject,
            aud: client_id,
            exp: expires_at.seconds(),
            iat: issued_at.seconds(),
            auth_time: authentication.auth_time.seconds(),
            nonce: None,
            acr: authentication.acr.as_deref(),
            amr: &authentication.amr,
            azp: client_id,
            sid: None,
            at_hash: None,
            c_hash: None,
            person: Claims::new(),
        }
    }
}

/// `at_hash` or `c_hash`: "the base64url encoding of the left-most half of the hash of the octets of the ASCII representation of the [...] value, where the
/// hash algorithm used is the hash algorithm used in the alg Header Parameter". Ed25519's own is SHA-512.
pub fn half_hash(algorithm: Algorithm, value: &str) -> String {
    let half = |digest: &[u8]| URL_SAFE_NO_PAD.encode(digest.split_at(digest.len() / 2).0);
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 | Algorithm::HS256 => {
            half(&Sha256::digest(value))
        }
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => half(&Sha384::digest(value)),
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => half(&Sha512::digest(value)),
    }
}

/// What an ID Token that is handed back as a hint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    pub subject: String,
    pub sid: Option<String>,
    pub client_id: String,
}

impl Hint {
    /// Reads a verified token. Only the issuer is compared: hints are accepted after expiry (RP-Initiated Logout 1.0 §2).
    pub fn read(token: &super::Verified<Claims>, issuer: &str) -> Option<Self> {
        let text = |name: &str| token.get().get(name).and_then(Value::as_str);
        (text("iss")? == issuer).then_some(())?;
        let audience = match token.get().get("aud")? {
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            one => vec![one.as_str()?],
        };
        // "azp [...] the party to which the ID Token was issued" (§2): among several, it alone tells who asked.
        let client_id = match (text("azp"), audience.as_slice()) {
            (Some(party), audience) if audience.contains(&party) => party,
            (None, [only]) => only,
            _ => return None,
        };
        Some(Self {
            subject: text("sub")?.to_owned(),
            sid: text("sid").map(str::to_owned),
            client_id: client_id.to_owned(),
        })
    }
}
