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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::Verified;
    use crate::protocol::samples::{ISSUER, NOW, session};

    // FL2
    #[test]
    fn half_hashes_are_those_of_the_specifications_examples() {
        // OIDC Core, appendices A.3, A.4 and A.6.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
        assert_eq!(half_hash(Algorithm::RS256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_hash(Algorithm::RS256, code), "LDktKdoQak3Pk0cnXxCltA");
    }

    // FL2
    #[test]
    fn each_algorithm_halves_its_own_hash() {
        // Of the empty text, as the first halves of the well-known digests.
        let sha256 = "47DEQpj8HBSa-_TImW-5JA";
        let sha384 = "OLBgp1GsljhM2TJ-sbHjaiH9txEUvgdD";
        let sha512 = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c4";
        for algorithm in Algorithm::ALL {
            let expected = match algorithm.as_str() {
                "EdDSA" => sha512,
                name if name.ends_with("256") => sha256,
                name if name.ends_with("384") => sha384,
                _ => sha512,
            };
            assert_eq!(half_hash(algorithm, ""), expected, "{}", algorithm.as_str());
        }
    }

    #[test]
    fn its_times_are_seconds_and_absent_claims_are_not_written() {
        let session = session("alice");
        let expires_at = NOW.plus(std::time::Duration::from_millis(60_500));
        let token = IdToken::new(ISSUER, "alice", "app", &session.authentication, NOW, expires_at);
        let Value::Object(claims) = serde_json::to_value(&token).unwrap() else { unreachable!() };
        assert_eq!(claims["exp"], json!(NOW.seconds() + 60));
        assert_eq!(claims["iat"], json!(NOW.seconds()));
        assert_eq!(claims["auth_time"], json!(NOW.seconds() - 3600));
        assert_eq!((&claims["aud"], &claims["azp"]), (&json!("app"), &json!("app")));
        assert_eq!((&claims["acr"], &claims["amr"]), (&json!("urn:pwd"), &json!(["pwd"])));
        for absent in ["nonce", "sid", "at_hash", "c_hash"] {
            assert_eq!(claims.get(absent), None);
        }
    }

    fn hint(claims: Value) -> Option<Hint> {
        let Value::Object(claims) = claims else { unreachable!() };
        Hint::read(&Verified::vouch(claims), ISSUER)
    }

    #[test]
    fn a_hint_names_its_subject_its_session_and_its_client() {
        let expected =
            Hint { subject: "alice".into(), sid: Some("s".into()), client_id: "app".into() };
        for (aud, azp) in [
            (json!("app"), json!("app")),
            (json!("app"), json!(null)),
            (json!(["app"]), json!(null)),
            (json!(["app"]), json!("app")),
            (json!(["other", "app"]), json!("app")),
        ] {
            let mut claims =
                json!({"iss": ISSUER, "sub": "alice", "sid": "s", "aud": aud, "exp": 0});
            if !azp.is_null() {
                claims["azp"] = azp;
            }
            assert_eq!(hint(claims).as_ref(), Some(&expected));
        }
        let claims = json!({"iss": ISSUER, "sub": "alice", "aud": "app"});
        assert_eq!(hint(claims).unwrap().sid, None);
    }

    #[test]
    fn what_is_no_id_token_of_ours_is_no_hint() {
        for claims in [
            json!({}),
            json!({"iss": ISSUER, "sub": "alice"}),
            json!({"iss": ISSUER, "aud": "app"}),
            json!({"sub": "alice", "aud": "app"}),
            json!({"iss": "https://other.example", "sub": "alice", "aud": "app"}),
            json!({"iss": [ISSUER], "sub": "alice", "aud": "app"}),
            json!({"iss": ISSUER, "sub": 7, "aud": "app"}),
            json!({"iss": ISSUER, "sub": "alice", "aud": 7}),
            json!({"iss": ISSUER, "sub": "alice", "aud": []}),
            json!({"iss": ISSUER, "sub": "alice", "aud": ["app", "other"]}),
            json!({"iss": ISSUER, "sub": "alice", "aud": "app", "azp": "other"}),
        ] {
            assert_eq!(hint(claims.clone()), None, "{claims}");
        }
    }
}
