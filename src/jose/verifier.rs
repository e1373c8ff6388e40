//! Verifies signatures, by aws-lc-rs behind josekit's trait. The algorithm is the key's, whatever a token says.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::JoseError;
use josekit::jws::{JwsAlgorithm, JwsVerifier};
use serde_json::{Map, Value};

use super::Fault;
use super::algorithm::{Kind, josekit, kind};
use super::signer::mac_key;
use crate::protocol::Algorithm;

/// A key that verifies the signatures of one algorithm.
#[derive(Debug)]
pub struct Verifier {
    algorithm: Algorithm,
    verifier: Box<dyn JwsVerifier>,
}

impl Verifier {
    /// From a public JWK. One of another type, curve or use, or meant for another algorithm, is refused.
    pub fn from_jwk(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<Self, Fault> {
        let key = public_key(algorithm, jwk).ok_or(Fault::Key(algorithm))?;
        Ok(Self::around(Inner { algorithm, key: Key::Public(Arc::new(key)) }))
    }

    /// HS256 with a client's secret, see [`Signer::hmac`](super::Signer::hmac).
    pub fn hmac(secret: &[u8]) -> Result<Self, Fault> {
        Ok(Self::around(Inner { algorithm: Algorithm::HS256, key: Key::Secret(mac_key(secret)?) }))
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(message, signature).is_ok()
    }

    fn around(inner: Inner) -> Self {
        Self { algorithm: inner.algorithm, verifier: Box::new(inner) }
    }
}

fn public_key(algorithm: Algorithm, jwk: &Map<String, Value>) -> Option<ParsedPublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let number = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let absent_or =
        |name: &str, wanted: &str| !jwk.contains_key(name) || text(name) == Some(wanted);
    if !absent_or("alg", algorithm.as_str()) || !absent_or("use", "sig") {
        return None;
    }
    match kind(algorithm) {
        Kind::Rsa { verification, .. } if text("kty") == Some("RSA") => {
            let (n, e) = (number("n")?, number("e")?);
            // "A key of size 2048 bits or larger MUST be used" (RFC 7518 §3.3).
            let large = bits(&n) >= 2048;
            let key = PublicKeyComponents { n, e };
            large.then(|| key.to_parsed_public_key(verification).ok()).flatten()
        }
        Kind::Ec { curve, verification, .. }
            if text("kty") == Some("EC") && text("crv") == Some(curve) =>
        {
            let (x, y) = (number("x")?, number("y")?);
            // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
            let point = [&[4], &*x, &*y].concat();
            (x.len() == y.len()).then(|| ParsedPublicKey::new(verification, point).ok()).flatten()
        }
        Kind::Ed25519 if text("kty") == Some("OKP") && text("crv") == Some("Ed25519") => {
            ParsedPublicKey::new(&ED25519, number("x")?).ok()
        }
        _ => None,
    }
}

/// The length of a big-endian number, whatever zeros stand in front of it.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let partly = number.get(zeros).map_or(0, |first| first.leading_zeros() as usize);
    (number.len() - zeros) * 8 - partly
}

#[derive(Clone)]
struct Inner {
    algorithm: Algorithm,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Public(Arc<ParsedPublicKey>),
    Secret(Arc<hmac::Key>),
}

impl JwsVerifier for Inner {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        josekit(self.algorithm)
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        match &self.key {
            Key::Public(key) => key.verify_sig(message, signature),
            // In constant time.
            Key::Secret(key) => hmac::verify(key, message, signature),
        }
        .map_err(|unspecified| JoseError::InvalidSignature(unspecified.into()))
    }

    fn box_clone(&self) -> Box<dyn JwsVerifier> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
