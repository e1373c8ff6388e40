//! What directories store in `userPassword`: a scheme in braces (RFC 2307 §5.3), then the hash.
//!
//! `{CRYPT}`, `{BCRYPT}`, `{ARGON2}` and Dovecot's names only stand before a hash that names itself.

use super::digest::{self, Kind};
use super::pbkdf2::{self, Prf};
use super::{Function, Recognised, Stored, Unusable, base64, form};

const DIGESTS: &[(&str, &str, Kind, bool)] = &[
    ("MD5", "{MD5}", Kind::Md5, false),
    ("SMD5", "{SMD5}", Kind::Md5, true),
    ("SHA", "{SHA}", Kind::Sha1, false),
    ("SSHA", "{SSHA}", Kind::Sha1, true),
    ("SHA224", "{SHA224}", Kind::Sha224, false),
    ("SSHA224", "{SSHA224}", Kind::Sha224, true),
    ("SHA256", "{SHA256}", Kind::Sha256, false),
    ("SSHA256", "{SSHA256}", Kind::Sha256, true),
    ("SHA384", "{SHA384}", Kind::Sha384, false),
    ("SSHA384", "{SSHA384}", Kind::Sha384, true),
    ("SHA512", "{SHA512}", Kind::Sha512, false),
    ("SSHA512", "{SSHA512}", Kind::Sha512, true),
];

pub(super) fn recognise(text: &str) -> Recognised {
    let (name, rest) = text.strip_prefix('{')?.split_once('}')?;
    let name = name.to_ascii_uppercase();
    if let Some((_, scheme, kind, salted)) = DIGESTS.iter().find(|(known, ..)| *known == name) {
        let hash = base64::decode(rest).and_then(|stored| digest::Hash::new(*kind, stored));
        let hash = hash.filter(|hash| hash.is_salted() == *salted);
        return Some(
            hash.ok_or(Unusable::Broken(scheme))
                .map(|hash| Stored { scheme, function: Function::Digest(hash) }),
        );
    }
    match name.as_str() {
        "PBKDF2" | "PBKDF2-SHA1" => Some(pbkdf2::dollars(Prf::Sha1, rest)),
        "PBKDF2-SHA256" => Some(pbkdf2::dollars(Prf::Sha256, rest)),
        "PBKDF2-SHA512" => Some(pbkdf2::dollars(Prf::Sha512, rest)),
        "PBKDF2_SHA256" => Some(of_389(rest)),
        "CRYPT" | "BCRYPT" | "BLF-CRYPT" | "ARGON2" | "ARGON2I" | "ARGON2ID" | "SHA256-CRYPT"
        | "SHA512-CRYPT" | "MD5-CRYPT" => Some(if rest.starts_with('$') {
            Stored::recognise(rest)
        } else {
            Err(Unusable::Unknown(form::of(text)))
        }),
        _ => None,
    }
}

/// 389 Directory Server until 2.0: four bytes of rounds, 64 of salt, 256 of output.
fn of_389(rest: &str) -> Result<Stored, Unusable> {
    const SCHEME: &str = "PBKDF2-SHA256 (389 Directory Server)";
    let stored = base64::decode(rest).filter(|stored| stored.len() == 4 + 64 + 256);
    let stored = stored.ok_or(Unusable::Broken(SCHEME))?;
    let parts = stored
        .split_first_chunk()
        .and_then(|(rounds, rest)| Some((u32::from_be_bytes(*rounds), rest.split_at_checked(64)?)));
    let (rounds, (salt, output)) = parts.ok_or(Unusable::Broken(SCHEME))?;
    pbkdf2::Hash::stored(SCHEME, Prf::Sha256, rounds, salt.to_vec(), output.to_vec())
}
