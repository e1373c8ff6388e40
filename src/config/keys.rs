//! `[keys]`: the master key and the signing keys.

use std::time::Duration;

use super::option::Default::{Absent, Required, Toml};
use super::option::section;
use super::reader::Reader;
use super::secret::Secret;

/// The algorithms that signing keys can be made for.
pub const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// The published keys may be cached for five minutes, which whoever reads them then rounds up.
const LEAST_AHEAD: Duration = Duration::from_secs(600);

section! {
    /// The master key, which protects all others, and the keys that sign tokens.
    Keys at "keys" {
        /// 32 random bytes in base64, the same on every node. Whoever has it can read the private keys in the
        /// database; without it they are lost.
        master_key: Secret = Required,
        /// The master key before the present one, still accepted while `vestibule key rotate --master` is under way.
        former_master_key: Option<Secret> = Absent,
        /// Signature algorithms that applications may choose from; a key is made for each.
        /// RS256 and ES256 must be among them.
        algorithms: Vec<String> = Toml(r#"["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]"#),
        /// Age at which a signing key is replaced, or "never".
        rotate_after: Option<Duration> = Toml(r#""90d""#),
        /// Time for which a new key is published before it signs, so that applications know it in time.
        publish_ahead: Duration = Toml(r#""1d""#),
    }
}

impl Keys {
    pub(super) fn validate(&self, reader: &mut Reader) {
        for name in &self.algorithms {
            if !ALGORITHMS.contains(&name.as_str()) {
                let wrong = format!("has {name:?}; known are {}", ALGORITHMS.join(", "));
                reader.object("keys.algorithms", &wrong);
            }
        }
        // "The OP MUST support signing ID Tokens with the RSA SHA-256 algorithm" (OIDC Core §15.1);
        // access tokens are ES256 unless a client asks otherwise.
        for name in ["RS256", "ES256"] {
            if !self.algorithms.iter().any(|known| known == name) {
                reader.object("keys.algorithms", &format!("must contain {name}"));
            }
        }
        if self.publish_ahead < LEAST_AHEAD {
            reader.object(
                "keys.publish_ahead",
                "must be at least 10m: applications keep the keys they know for a while",
            );
        }
        if self.rotate_after.is_some_and(|age| age <= self.publish_ahead) {
            reader.object("keys.rotate_after", "must be longer than keys.publish_ahead");
        }
    }
}
