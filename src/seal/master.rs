//! The master key, of which every other symmetric key is derived.

use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Fault;

/// Named in front of whatever a master key sealed, to find it again without trying.
pub(super) type KeyId = [u8; ID_BYTES];
pub(super) const ID_BYTES: usize = 4;

const KEY_BYTES: usize = 32;

/// 256 bits. Does not print, is wiped when dropped, and cannot be compared.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; KEY_BYTES]);

/// The text of a master key is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 random bytes in base64 (`openssl rand -base64 32` makes one)")]
pub struct MalformedMasterKey;

impl MasterKey {
    /// Reads base64 or base64url, padded or not; space around it, such as the end of a file's line, does not count.
    pub fn parse(text: &str) -> Result<Self, MalformedMasterKey> {
        let text = text.trim();
        let alphabet =
            if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
        let padding =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let mut bytes = Self([0; KEY_BYTES]);
        let decoded = GeneralPurpose::new(alphabet, padding)
            .decode(text)
            .map(Zeroizing::new)
            .map_err(|_| MalformedMasterKey)?;
        if decoded.len() != KEY_BYTES {
            return Err(MalformedMasterKey);
        }
        bytes.0.copy_from_slice(&decoded);
        Ok(bytes)
    }

    /// Its short name, for people: 6 characters, from which nothing can be learnt about the key.
    pub fn id(&self) -> Result<String, Fault> {
        Ok(URL_SAFE_NO_PAD.encode(self.key_id(&self.extract())?))
    }

    pub(super) fn extract(&self) -> Prk {
        // The salt is the version of the format: keys of another version have other ids and are refused.
        Salt::new(HKDF_SHA256, b"vestibule master key 1").extract(&self.0)
    }

    pub(super) fn key_id(&self, prk: &Prk) -> Result<KeyId, Fault> {
        Ok(*derive::<ID_BYTES>(prk, &["id"])?)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// `N` bytes for the use that the labels name.
pub(super) fn derive<const N: usize>(
    prk: &Prk,
    labels: &[&str],
) -> Result<Zeroizing<[u8; N]>, Fault> {
    let mut bytes = Zeroizing::new([0; N]);
    let labels = labels.join("\0");
    prk.expand(&[labels.as_bytes()], Length(N))?.fill(&mut *bytes)?;
    Ok(bytes)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
