//! Signed JSON: JWS in its compact form and the keys for it (RFC 7515, 7517, 7518; RFC 8037 for Ed25519).
//!
//! The only code that knows josekit. A [`Signer`] or [`Verifier`] is built once per key and kept: to build one costs many
//! times what its use does. Signatures are computed by aws-lc-rs behind josekit's traits.
//!
//! This module looks at the signature and the header. Who issued a token, for whom and until when is for the protocol core
//! to judge, which receives it as [`Verified`](crate::protocol::Verified). It fetches no keys, and believes none that come with a token.

mod algorithm;
mod compact;
mod key_pair;
mod signer;
mod verifier;

use crate::protocol::Algorithm;

pub use compact::{Expectation, Refused, sign, verify};
pub use key_pair::PrivateKey;
pub use signer::Signer;
pub use verifier::Verifier;

/// The `typ` of ID Tokens, and of every JWT that says nothing more specific (RFC 7519 §5.1).
pub const JWT: &str = "JWT";

/// The `typ` of access tokens: "JWT access tokens MUST include this media type in the "typ" header parameter" (RFC 9068 §2.1).
pub const ACCESS_TOKEN: &str = "at+jwt";

/// A key or a value of ours is not what it should be. No token of a stranger's can bring this about.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the key is not one for {}", .0.as_str())]
    Key(Algorithm),
    #[error("the cryptographic library failed with a key for {}", .0.as_str())]
    Library(Algorithm),
    #[error("a secret for HS256 needs 256 bits, thus 32 characters or more")]
    ShortSecret,
    #[error("the claims cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests;
