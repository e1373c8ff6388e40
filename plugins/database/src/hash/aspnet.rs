//! ASP.NET Core Identity, version 3: base64 of a 1, the digest, the rounds and the length of the salt
//! as numbers of four bytes, the salt, and the output of PBKDF2.

use super::pbkdf2::{Hash, Prf};
use super::{Recognised, Stored, Unusable, base64};

const SCHEME: &str = "PBKDF2 (ASP.NET Identity)";

pub(super) fn recognise(text: &str) -> Recognised {
    // The version, and a digest below 4.
    text.starts_with("AQAAAA").then(|| parse(text))
}

fn parse(text: &str) -> Result<Stored, Unusable> {
    parts(text)
        .ok_or(Unusable::Broken(SCHEME))
        .and_then(|(prf, rounds, salt, output)| Hash::stored(SCHEME, prf, rounds, salt, output))
}

fn parts(text: &str) -> Option<(Prf, u32, Vec<u8>, Vec<u8>)> {
    let bytes = base64::decode(text)?;
    let (_version, rest) = bytes.split_first()?;
    let (prf, rest) = rest.split_first_chunk()?;
    let (rounds, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (salt, output) = rest.split_at_checked(length)?;
    let prf = match u32::from_be_bytes(*prf) {
        0 => Prf::Sha1,
        1 => Prf::Sha256,
        2 => Prf::Sha512,
        _ => return None,
    };
    Some((prf, u32::from_be_bytes(*rounds), salt.to_vec(), output.to_vec()))
}
