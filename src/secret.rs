//! The one source of randomness, and the hash under which bearer secrets are stored.
//!
//! *Why* hashes are compared and not secrets: whoever looks a token up by its hash, or compares two hashes, learns from the
//! time it takes nothing about the token.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` bytes of the operating system's generator.
///
/// Ends the process if there is no randomness to be had: no request could be answered safely.
#[expect(clippy::disallowed_methods, reason = "this is the one source of randomness")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

/// A bearer secret of 256 bits: 43 characters of base64url. Also the text of a new master key.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// A name that nobody can guess and none meets twice, of 128 bits: 22 characters of base64url.
pub fn id() -> String {
    URL_SAFE_NO_PAD.encode(random::<16>())
}

/// SHA-256 of a bearer secret: 43 characters of base64url.
pub fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    // SS7
    #[test]
    fn ids_and_tokens_have_their_length_and_never_repeat() {
        let ids: HashSet<_> = (0..10_000).map(|_| id()).collect();
        let tokens: HashSet<_> = (0..10_000).map(|_| token()).collect();
        assert_eq!((ids.len(), tokens.len()), (10_000, 10_000));
        assert!(ids.iter().all(|id| id.len() == 22));
        assert!(tokens.iter().all(|token| token.len() == 43));
    }

    // SS7
    #[test]
    fn every_bit_of_an_id_is_drawn() {
        let mut ones = [0_u32; 128];
        for _ in 0..1000 {
            let drawn = u128::from_be_bytes(random::<16>());
            for (place, count) in ones.iter_mut().enumerate() {
                *count += u32::from(drawn >> place & 1 == 1);
            }
        }
        assert!(ones.iter().all(|count| (350..650).contains(count)), "{ones:?}");
    }

    #[test]
    fn the_hash_is_sha_256_in_base64url() {
        assert_eq!(hash("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
