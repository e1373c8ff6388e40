//! Relying parties that other people wrote accept what we answer.

mod openid_client;
mod openidconnect;

use crate::support::{Op, Setup};

/// A provider with a key for every algorithm.
async fn versatile() -> Op {
    let config = r#"
        [keys]
        algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
    "#;
    Op::set_up(Setup::default().config(config)).await
}

/// What an ID Token may be signed with, as far as both libraries know it.
const ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256"];
