//! ID Tokens verified as OIDC Core §3.1.3.7 says, with nothing of the provider's own code: the token
//! is taken apart here, and aws-lc-rs checks the signature straight against the published key.

use std::collections::BTreeSet;
use std::ops::Index;

use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::app::App;

/// The claims of a verified ID Token: `claims["sub"]` is null when absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    members: Map<String, Value>,
    /// The `alg` that signed them.
    pub algorithm: String,
    /// The `kid` that signed them.
    pub kid: Option<String>,
}

impl Index<&str> for Claims {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.members.get(name).unwrap_or(&Value::Null)
    }
}

impl Claims {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// All of them, as they stand in the token.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    pub fn names(&self) -> BTreeSet<&str> {
        self.members.keys().map(String::as_str).collect()
    }

    pub fn auth_time(&self) -> i64 {
        self["auth_time"].as_i64().unwrap_or_else(|| panic!("no auth_time in {:?}", self.members))
    }

    /// The left half of a value's hash, by the token's own algorithm (`at_hash`, `c_hash`).
    pub fn hash(&self, value: &str) -> String {
        let algorithm = match self.algorithm.as_str() {
            "RS384" | "PS384" | "ES384" => &digest::SHA384,
            "RS512" | "PS512" | "EdDSA" => &digest::SHA512,
            _ => &digest::SHA256,
        };
        let hash = digest::digest(algorithm, value.as_bytes());
        let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
        URL_SAFE_NO_PAD.encode(left)
    }

    pub(super) fn says_nonce(&self, nonce: Option<&str>) {
        assert_eq!(self.get("nonce").and_then(Value::as_str), nonce, "nonce");
    }
}

/// Signature, `iss`, `aud`, `azp`, `exp`, `iat` and `sub`; panics with what does not hold.
pub(super) fn verify(app: &App, id_token: &str, jwks: &Value) -> Claims {
    let parts: Vec<&str> = id_token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("not a JWS: {id_token}") };
    let header: Map<String, Value> = parse(header);
    let algorithm = header["alg"].as_str().expect("alg").to_owned();
    let kid = header.get("kid").map(|kid| kid.as_str().expect("kid").to_owned());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (message, _) = id_token.rsplit_once('.').unwrap();
    check(app, &algorithm, kid.as_deref(), message.as_bytes(), &signature, jwks);

    let claims = Claims { members: parse(payload), algorithm, kid };
    let now = app.time().seconds();
    assert_eq!(claims["iss"], app.issuer());
    match &claims["aud"] {
        Value::String(audience) => assert_eq!(audience, app.client_id()),
        Value::Array(audiences) => assert_eq!(audiences, &[Value::from(app.client_id())]),
        other => panic!("aud {other}"),
    }
    assert!(claims.get("azp").is_none_or(|azp| azp == app.client_id()), "azp {}", claims["azp"]);
    assert!(claims["exp"].as_i64().is_some_and(|exp| exp > now), "exp {} at {now}", claims["exp"]);
    assert!(
        claims["iat"].as_i64().is_some_and(|iat| (now - 60..=now).contains(&iat)),
        "iat {} at {now}",
        claims["iat"]
    );
    let subject = claims["sub"].as_str().expect("sub");
    assert!(!subject.is_empty() && subject.is_ascii() && subject.len() <= 255, "sub {subject}");
    claims
}

fn check(
    app: &App,
    algorithm: &str,
    kid: Option<&str>,
    message: &[u8],
    signature: &[u8],
    jwks: &Value,
) {
    if algorithm == "HS256" {
        let key = hmac::Key::new(hmac::HMAC_SHA256, app.client_secret().as_bytes());
        return hmac::verify(&key, message, signature).expect("the HMAC of the ID Token");
    }
    let keys = jwks["keys"].as_array().expect("keys");
    let kid = kid.expect("a kid in the header");
    let key = keys
        .iter()
        .find(|key| key["kid"] == kid)
        .unwrap_or_else(|| panic!("no key {kid} in {jwks}"));
    assert_eq!(key["alg"], algorithm, "the key is for this algorithm");
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let rsa = |parameters: &RsaParameters| {
        RsaPublicKeyComponents { n: part("n"), e: part("e") }.verify(parameters, message, signature)
    };
    let point = || [vec![4], part("x"), part("y")].concat();
    let verified = match algorithm {
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => rsa(&signature::RSA_PSS_2048_8192_SHA512),
        "ES256" => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point())
            .verify(message, signature),
        "ES384" => UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point())
            .verify(message, signature),
        "EdDSA" => {
            UnparsedPublicKey::new(&signature::ED25519, part("x")).verify(message, signature)
        }
        other => panic!("an ID Token signed with {other}"),
    };
    verified.unwrap_or_else(|_| panic!("the signature does not fit: {algorithm} by {kid}"));
}

fn parse(part: &str) -> Map<String, Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
