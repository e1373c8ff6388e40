//! The compact form: `header.claims.signature` (RFC 7515 §7.1).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::{Map, Value};

use super::{ACCESS_TOKEN, Fault, JWT, Signer, Verifier};
use crate::protocol::{Algorithm, Verified};

/// Longer tokens are refused unread.
const LONGEST: usize = 64 * 1024;

/// Which `typ` a token must have, lest one kind be taken for another ("explicit typing", RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// `JWT`, or none: an ID Token need not say.
    Jwt,
    /// `at+jwt` and nothing else (RFC 9068 §4).
    AccessToken,
}

/// Why a token is not believed. For the log: whoever presented it is told no more than that it is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is not a compact JWS over a JSON object")]
    Malformed,
    #[error("its alg is none that we use")]
    Algorithm,
    #[error("it has a crit header, and we know no extension")]
    Critical,
    #[error("its typ is another one")]
    Type,
    #[error("no key of ours has its kid and alg")]
    Key,
    #[error("its signature is wrong")]
    Signature,
}

/// Signs claims, written as JSON by their own type.
pub fn sign(signer: &Signer, typ: &str, claims: &impl Serialize) -> Result<String, Fault> {
    let mut json = Vec::with_capacity(512);
    serde_json::to_writer(&mut json, claims)?;
    let mut token = String::with_capacity(768 + json.len() * 4 / 3);
    signer.begin(typ, &mut token)?;
    URL_SAFE_NO_PAD.encode_string(&json, &mut token);
    let signature = signer.signature(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Verifies a token's signature with the key that `lookup` finds for its `kid` and `alg`, and vouches for its claims.
///
/// A key comes from `lookup` alone: `jwk`, `jku`, `x5u` and `x5c` are not even read.
pub fn verify(
    token: &str,
    typ: Expectation,
    lookup: impl Fn(Option<&str>, Algorithm) -> Option<Arc<Verifier>>,
) -> Result<Verified<Map<String, Value>>, Refused> {
    if token.len() > LONGEST {
        return Err(Refused::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refused::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(Refused::Malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Malformed);
    let header: Header =
        serde_json::from_slice(&decode(header)?).map_err(|_| Refused::Malformed)?;

    let algorithm: Algorithm = header.alg.parse().map_err(|_| Refused::Algorithm)?;
    // "If any of the listed extension Header Parameters are not understood and supported by the recipient, then the JWS is
    // invalid" (RFC 7515 §4.1.11), and an empty list is forbidden.
    if header.crit {
        return Err(Refused::Critical);
    }
    if !typ.accepts(header.typ.as_deref()) {
        return Err(Refused::Type);
    }
    let verifier = lookup(header.kid.as_deref(), algorithm)
        .filter(|verifier| verifier.algorithm() == algorithm)
        .ok_or(Refused::Key)?;
    if !verifier.accepts(message.as_bytes(), &decode(signature)?) {
        return Err(Refused::Signature);
    }
    let claims = serde_json::from_slice(&decode(claims)?).map_err(|_| Refused::Malformed)?;
    Ok(Verified::vouch(claims))
}

/// What we read of a header. A member given twice is refused; members not named here are ignored.
#[derive(serde::Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Whether it is there at all, whatever it says.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl Expectation {
    fn accepts(self, typ: Option<&str>) -> bool {
        // "it is RECOMMENDED that producers omit an 'application/' prefix" (RFC 7515 §4.1.9), and media types have no case.
        let named = |name: &str| {
            typ.is_some_and(|typ| {
                let media_type = typ.to_ascii_lowercase();
                let short = media_type.strip_prefix("application/").unwrap_or(&media_type);
                short.eq_ignore_ascii_case(name)
            })
        };
        match self {
            Self::Jwt => typ.is_none() || named(JWT),
            Self::AccessToken => named(ACCESS_TOKEN),
        }
    }
}
