//! A secret that only the bearer of another one can have: the successor of a refresh token, for the grace of a rotation.
//!
//! *Why* not under the master key: a rotated row would then hold a token that whoever has the database and the master key
//! could use. This way it takes the presented token, of which the database knows but the hash.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use super::{Fault, NONCE_BYTES, Refused, TAG_BYTES, cipher, decrypt, encrypt_after};

const ASSOCIATED: &[u8] = b"wrapped";

/// Encrypts `plain` under a key derived from `token`, which must be as hard to guess as a key is.
pub fn wrap(token: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut buffer = Vec::with_capacity(NONCE_BYTES + plain.len() + TAG_BYTES);
    buffer.extend_from_slice(&[0; NONCE_BYTES]);
    buffer.extend_from_slice(plain);
    encrypt_after(NONCE_BYTES, buffer, &token_cipher(token)?, ASSOCIATED)
}

/// Decrypts what [`wrap`] made with the same token.
pub fn open_wrapped(token: &str, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    decrypt(wrapped, &token_cipher(token).map_err(|_| Refused)?, ASSOCIATED)
}

fn token_cipher(token: &str) -> Result<aws_lc_rs::aead::RandomizedNonceKey, Fault> {
    cipher(&Salt::new(HKDF_SHA256, b"vestibule token 1").extract(token.as_bytes()), &["wrap"])
}
