//! One round of a digest over the password and a salt, if there is one (RFC 2307 and what grew of it).
//! Fast, whatever the digest.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::same;

/// Which digest.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    kind: Kind,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Hash {
    /// The digest and the salt behind it, as they are stored. `None` if it is too short.
    pub(super) fn new(kind: Kind, mut stored: Vec<u8>) -> Option<Self> {
        let length = match kind {
            Kind::Md5 => 16,
            Kind::Sha1 => 20,
            Kind::Sha224 => 28,
            Kind::Sha256 => 32,
            Kind::Sha384 => 48,
            Kind::Sha512 => 64,
        };
        if stored.len() < length {
            return None;
        }
        let salt = stored.split_off(length);
        Some(Self { kind, salt, output: stored })
    }

    /// Looked up in a table, or of a digest that is broken.
    pub(super) fn is_weak(&self) -> bool {
        !self.is_salted() || matches!(self.kind, Kind::Md5)
    }

    pub(super) fn is_salted(&self) -> bool {
        !self.salt.is_empty()
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        match self.kind {
            Kind::Md5 => self.is_of::<Md5>(password),
            Kind::Sha1 => self.is_of::<Sha1>(password),
            Kind::Sha224 => self.is_of::<Sha224>(password),
            Kind::Sha256 => self.is_of::<Sha256>(password),
            Kind::Sha384 => self.is_of::<Sha384>(password),
            Kind::Sha512 => self.is_of::<Sha512>(password),
        }
    }

    fn is_of<D: Digest>(&self, password: &[u8]) -> bool {
        let output = D::new_with_prefix(password).chain_update(&self.salt).finalize();
        same(&output, &self.output)
    }
}
