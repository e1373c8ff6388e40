//! Glewlwyd's user table: base64 of 32 bytes of PBKDF2-SHA256 and the 16 of its salt, then a comma and
//! the rounds. Rows from before version 2.4 have no rounds and are of 1000.

use super::pbkdf2::{Hash, Prf};
use super::{Recognised, Unusable, base64};

const SCHEME: &str = "PBKDF2-SHA256 (Glewlwyd)";

pub(super) fn recognise(text: &str) -> Recognised {
    let (stored, rounds) = text.split_once(',').unwrap_or((text, "1000"));
    // As many hexadecimal digits are a SHA-256 without salt.
    if stored.len() != 64 || stored.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut output = base64::decode(stored).filter(|bytes| bytes.len() == 48)?;
    let salt = output.split_off(32);
    let Ok(rounds) = rounds.parse() else { return Some(Err(Unusable::Broken(SCHEME))) };
    Some(Hash::stored(SCHEME, Prf::Sha256, rounds, salt, output))
}
