//! Private keys: made, written, read, and what of them is public (RFC 7517, RFC 7518 §6, RFC 8037 §2).
//!
//! *Why* aws-lc-rs makes the elliptic keys: josekit writes them without their public part, and aws-lc-rs then refuses them.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Fault;
use super::algorithm::{Kind, kind};
use crate::protocol::Algorithm;

/// A private key, pinned to one algorithm. Does not print; the library wipes it.
#[derive(Clone)]
pub struct PrivateKey {
    algorithm: Algorithm,
    pub(super) pair: Pair,
}

#[derive(Clone)]
pub(super) enum Pair {
    Rsa(Arc<rsa::KeyPair>),
    Ec(Arc<EcdsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

impl PrivateKey {
    /// Makes a new key; 2048 bits for RSA, which takes up to a second: not for the threads that answer requests.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Fault> {
        let pair = match kind(algorithm) {
            Kind::Rsa { .. } => {
                rsa::KeyPair::generate(KeySize::Rsa2048).map(Arc::new).map(Pair::Rsa)
            }
            Kind::Ec { signing, .. } => EcdsaKeyPair::generate(signing).map(Arc::new).map(Pair::Ec),
            Kind::Ed25519 => Ed25519KeyPair::generate().map(Arc::new).map(Pair::Ed25519),
            Kind::Secret => return Err(Fault::Key(algorithm)),
        };
        Ok(Self { algorithm, pair: pair.map_err(|_| Fault::Library(algorithm))? })
    }

    /// Reads PKCS#8 (RFC 5958). A key of another kind, or an RSA key below 2048 bits, is refused.
    pub fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, Fault> {
        let pair = match kind(algorithm) {
            Kind::Rsa { .. } => rsa::KeyPair::from_pkcs8(der).map(Arc::new).map(Pair::Rsa),
            Kind::Ec { signing, .. } => {
                EcdsaKeyPair::from_pkcs8(signing, der).map(Arc::new).map(Pair::Ec)
            }
            Kind::Ed25519 => Ed25519KeyPair::from_pkcs8(der).map(Arc::new).map(Pair::Ed25519),
            Kind::Secret => return Err(Fault::Key(algorithm)),
        };
        Ok(Self { algorithm, pair: pair.map_err(|_| Fault::Key(algorithm))? })
    }

    /// Writes PKCS#8.
    pub fn to_der(&self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let der = match &self.pair {
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(&**pair)
                .map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ec(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ed25519(pair) => {
                pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec()))
            }
        };
        der.map_err(|_| Fault::Library(self.algorithm))
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public part as a JWK, under the name `kid`.
    pub fn public_jwk(&self, kid: &str) -> Map<String, Value> {
        let mut jwk = Map::new();
        let mut put = |name: &str, value: &str| jwk.insert(name.to_owned(), value.into());
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                put("kty", "RSA");
                put("n", &encode(public.modulus().big_endian_without_leading_zero()));
                put("e", &encode(public.exponent().big_endian_without_leading_zero()));
            }
            Pair::Ec(pair) => {
                // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
                let point = pair.public_key().as_ref();
                let coordinates = point.get(1..).unwrap_or_default();
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                put("kty", "EC");
                put("x", &encode(x));
                put("y", &encode(y));
            }
            Pair::Ed25519(pair) => {
                put("kty", "OKP");
                put("crv", "Ed25519");
                put("x", &encode(pair.public_key().as_ref()));
            }
        }
        if let Kind::Ec { curve, .. } = kind(self.algorithm) {
            put("crv", curve);
        }
        put("use", "sig");
        put("alg", self.algorithm.as_str());
        put("kid", kid);
        jwk
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ..)", self.algorithm.as_str())
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
