//! Base64 as password hashes write it: with or without padding, and with `.` for `+` (passlib's
//! `ab64`). Bits that belong to no byte are let be, as the products that wrote them did.

use base64::Engine;
use base64::alphabet::{Alphabet, BCRYPT, CRYPT, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// The usual alphabet, or passlib's.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    with(&STANDARD, &text.replace('.', "+"))
}

/// That of bcrypt, an order of letters of its own.
pub(super) fn decode_bcrypt(text: &str) -> Option<Vec<u8>> {
    with(&BCRYPT, text)
}

fn with(alphabet: &Alphabet, text: &str) -> Option<Vec<u8>> {
    if text.len() > 2 * super::LONGEST {
        return None;
    }
    GeneralPurpose::new(alphabet, LENIENT).decode(text).ok()
}

/// The 64 letters of crypt(3), by their value: the lowest six bits come first.
pub(super) fn encode_crypt(bytes: &[u8]) -> String {
    let letters = CRYPT.as_str().as_bytes();
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits =
            group.iter().rev().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for _ in 0..=group.len() {
            text.extend(letters.get(bits & 63).map(|letter| char::from(*letter)));
            bits >>= 6;
        }
    }
    text
}

/// The value of one letter of crypt(3).
pub(super) fn crypt_value(letter: u8) -> Option<u32> {
    CRYPT.as_str().bytes().position(|one| one == letter)?.try_into().ok()
}
