//! Authenticated encryption, of short-lived artefacts that live outside the database and of secrets that lie inside it.
//!
//! AES-256-GCM-SIV (RFC 8452) with random nonces. Each purpose has a key of its own, derived by HKDF (RFC 5869) from the
//! master key, and stands in the associated data as well, so that nothing sealed for one purpose opens for another:
//!
//! ```text
//! sealed value   base64url( key id 4 | nonce 12 | ciphertext of: expiry in milliseconds 8, JSON | tag 16 )
//! at rest                   key id 4 | nonce 12 | ciphertext                                    | tag 16
//! wrapped                              nonce 12 | ciphertext                                    | tag 16
//! ```
//!
//! While the master key is being replaced the former one still opens what it sealed. This module neither reads the clock nor
//! judges: who opens a value learns its expiry and decides. What may be opened only once is not its concern either.

mod master;
mod wrapped;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::Prk;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::protocol::Timestamp;

pub use master::{MalformedMasterKey, MasterKey};
pub use wrapped::{open_wrapped, wrap};

use master::{ID_BYTES, KeyId, derive};

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = ID_BYTES + NONCE_BYTES;
const EXPIRY_BYTES: usize = 8;

/// What a value is sealed for. It opens for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    PendingRequest,
    Code,
    ConsentForm,
    LogoutForm,
    ChoiceForm,
    /// The cookie of a browser that has logged in as an account before.
    KnownBrowser,
    AccessToken,
    /// A private signing key, at rest.
    Key,
    /// The attributes of an account, at rest.
    Account,
    /// A client's secret that must be readable, at rest.
    ClientSecret,
    /// The bucket that counts the failures of a name or an address.
    Lockout,
}

impl Purpose {
    const ALL: [Self; 11] = [
        Self::PendingRequest,
        Self::Code,
        Self::ConsentForm,
        Self::LogoutForm,
        Self::ChoiceForm,
        Self::KnownBrowser,
        Self::AccessToken,
        Self::Key,
        Self::Account,
        Self::ClientSecret,
        Self::Lockout,
    ];

    /// Part of what is sealed: to change one is to refuse everything sealed before.
    pub const fn label(self) -> &'static str {
        match self {
            Self::PendingRequest => "pending request",
            Self::Code => "code",
            Self::ConsentForm => "consent form",
            Self::LogoutForm => "logout form",
            Self::ChoiceForm => "choice form",
            Self::KnownBrowser => "known browser",
            Self::AccessToken => "access token",
            Self::Key => "key",
            Self::Account => "account",
            Self::ClientSecret => "client secret",
            Self::Lockout => "lockout",
        }
    }
}

/// Seals and opens. Clones share their keys.
#[derive(Clone)]
pub struct Sealer(Arc<Keyrings>);

struct Keyrings {
    current: Keyring,
    former: Option<Keyring>,
}

/// What is derived from one master key.
struct Keyring {
    id: KeyId,
    /// In the order of [`Purpose::ALL`].
    ciphers: Vec<RandomizedNonceKey>,
    mac: hmac::Key,
}

/// An authentic value, which may have expired.
#[derive(Clone, Debug)]
pub struct Opened<T> {
    pub value: T,
    pub expires_at: Timestamp,
}

/// The time has come at which the value "MUST NOT be accepted" (as RFC 7519 §4.1.4 says of `exp`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value has expired")]
pub struct Expired;

/// Not sealed by us for this purpose and context, or changed since. No more is said, lest it help a forger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value is not authentic")]
pub struct Refused;

/// Sealing failed, which no input of a stranger's can bring about.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the cipher failed")]
    Cipher,
    #[error("the value to seal cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<aws_lc_rs::error::Unspecified> for Fault {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Cipher
    }
}

impl<T> Opened<T> {
    /// The value, if it is still good at `now`.
    pub fn at(self, now: Timestamp) -> Result<T, Expired> {
        if now < self.expires_at { Ok(self.value) } else { Err(Expired) }
    }
}

impl Sealer {
    /// Seals under `current`; opens what `current` or `former` sealed.
    pub fn new(current: &MasterKey, former: Option<&MasterKey>) -> Result<Self, Fault> {
        Ok(Self(Arc::new(Keyrings {
            current: Keyring::derive(current)?,
            former: former.map(Keyring::derive).transpose()?,
        })))
    }

    /// Seals a value that travels outside the database: base64url, opened only for the same purpose.
    pub fn seal<T: Serialize>(
        &self,
        purpose: Purpose,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<String, Fault> {
        let keyring = &self.0.current;
        let mut buffer = keyring.head();
        buffer.extend_from_slice(&expires_at.millis().to_be_bytes());
        serde_json::to_writer(&mut buffer, value)?;
        let cipher = keyring.cipher(purpose).ok_or(Fault::Cipher)?;
        Ok(URL_SAFE_NO_PAD.encode(encrypt_after(HEAD_BYTES, buffer, cipher, &outside(purpose))?))
    }

    /// Opens a sealed value, which may have expired: see [`Opened::at`].
    pub fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
    ) -> Result<Opened<T>, Refused> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Refused)?;
        let plain = self.decrypt_with(purpose, &outside(purpose), &sealed)?;
        let (expires_at, json) = plain.split_first_chunk::<EXPIRY_BYTES>().ok_or(Refused)?;
        Ok(Opened {
            value: serde_json::from_slice(json).map_err(|_| Refused)?,
            expires_at: Timestamp::from_millis(i64::from_be_bytes(*expires_at)),
        })
    }

    /// Encrypts a secret for the database. `context` is the id of its row: no other row's secret can be put in its place.
    pub fn encrypt(&self, purpose: Purpose, context: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let keyring = &self.0.current;
        let mut buffer = keyring.head();
        // Sized once: growth would leave copies of the secret behind.
        buffer.reserve_exact(plain.len() + TAG_BYTES);
        buffer.extend_from_slice(plain);
        let cipher = keyring.cipher(purpose).ok_or(Fault::Cipher)?;
        encrypt_after(HEAD_BYTES, buffer, cipher, &at_rest(purpose, context))
    }

    /// Decrypts a secret of the database.
    pub fn decrypt(
        &self,
        purpose: Purpose,
        context: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        self.decrypt_with(purpose, &at_rest(purpose, context), sealed)
    }

    /// Whether a secret of the database is encrypted under the current master key.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.0.current.id)
    }

    /// A keyed hash: nobody without the master key can tell of what. Another master key gives another.
    pub fn mac(&self, purpose: Purpose, message: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0.current.mac);
        context.update(purpose.label().as_bytes());
        context.update(&[0]);
        context.update(message);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }

    fn decrypt_with(
        &self,
        purpose: Purpose,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let (id, rest) = sealed.split_first_chunk::<ID_BYTES>().ok_or(Refused)?;
        let keyring = [Some(&self.0.current), self.0.former.as_ref()]
            .into_iter()
            .flatten()
            .find(|keyring| keyring.id == *id)
            .ok_or(Refused)?;
        decrypt(rest, keyring.cipher(purpose).ok_or(Refused)?, associated)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Keyring {
    fn derive(master: &MasterKey) -> Result<Self, Fault> {
        let prk = master.extract();
        let ciphers =
            Purpose::ALL.into_iter().map(|purpose| cipher(&prk, &["seal", purpose.label()]));
        Ok(Self {
            id: master.key_id(&prk)?,
            ciphers: ciphers.collect::<Result<_, _>>()?,
            mac: hmac::Key::new(hmac::HMAC_SHA256, &*derive::<32>(&prk, &["mac"])?),
        })
    }

    fn cipher(&self, purpose: Purpose) -> Option<&RandomizedNonceKey> {
        self.ciphers.get(purpose as usize)
    }

    /// The beginning of whatever this key seals, with room for the nonce.
    fn head(&self) -> Vec<u8> {
        let mut head = Vec::with_capacity(512);
        head.extend_from_slice(&self.id);
        head.extend_from_slice(&[0; NONCE_BYTES]);
        head
    }
}

fn cipher(prk: &Prk, labels: &[&str]) -> Result<RandomizedNonceKey, Fault> {
    Ok(RandomizedNonceKey::new(&AES_256_GCM_SIV, &*derive::<32>(prk, labels)?)?)
}

/// What a sealed value is bound to.
fn outside(purpose: Purpose) -> Vec<u8> {
    ["sealed", purpose.label()].join("\0").into_bytes()
}

/// What an encrypted secret is bound to.
fn at_rest(purpose: Purpose, context: &str) -> Vec<u8> {
    ["at rest", purpose.label(), context].join("\0").into_bytes()
}

/// Encrypts, in place, what stands behind the head of `buffer`, whose last bytes receive the nonce; appends the tag.
fn encrypt_after(
    head: usize,
    mut buffer: Vec<u8>,
    cipher: &RandomizedNonceKey,
    associated: &[u8],
) -> Result<Vec<u8>, Fault> {
    let (head, body) = buffer.split_at_mut_checked(head).ok_or(Fault::Cipher)?;
    let room = head.last_chunk_mut::<NONCE_BYTES>().ok_or(Fault::Cipher)?;
    let (nonce, tag) = cipher.seal_in_place_separate_tag(Aad::from(associated), body)?;
    *room = *nonce.as_ref();
    buffer.extend_from_slice(tag.as_ref());
    Ok(buffer)
}

/// Decrypts a nonce, a ciphertext and its tag.
fn decrypt(
    sealed: &[u8],
    cipher: &RandomizedNonceKey,
    associated: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Refused)?;
    let mut buffer = Zeroizing::new(body.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = cipher.open_in_place(nonce, Aad::from(associated), &mut buffer);
    let length = opened.map_err(|_| Refused)?.len();
    buffer.truncate(length);
    Ok(buffer)
}

#[cfg(test)]
mod tests;
