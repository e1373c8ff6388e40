//! Metadata and keys as the document shows them. They are made by `protocol::discovery` and `keys`.

use poem_openapi::Object;

/// What the provider does, and where (OIDC Discovery 1.0 §3; RFC 8414 §2).
#[derive(Object)]
pub(super) struct ProviderMetadata {
    /// The `iss` of everything that the provider issues.
    issuer: String,
    /// Where applications send people to ask for authorization.
    authorization_endpoint: String,
    /// Where codes and refresh tokens become tokens.
    token_endpoint: String,
    /// Where access tokens become claims.
    userinfo_endpoint: String,
    /// The keys that tokens are verified with.
    jwks_uri: String,
    /// Where tokens are given back (RFC 7009).
    revocation_endpoint: String,
    /// Where applications send people to sign out (RP-Initiated Logout 1.0).
    end_session_endpoint: String,
    /// Scopes that exist; a client may be allowed fewer.
    scopes_supported: Vec<String>,
    /// Values of `response_type`; the order of their words means nothing.
    response_types_supported: Vec<String>,
    /// Values of `response_mode`.
    response_modes_supported: Vec<String>,
    /// Values of `grant_type`, and `implicit` for tokens from the authorization endpoint.
    grant_types_supported: Vec<String>,
    /// Authentication contexts that logins can have, if any are configured.
    acr_values_supported: Option<Vec<String>>,
    /// `public`: everyone is told the same `sub`.
    subject_types_supported: Vec<String>,
    /// Algorithms that ID Tokens can be signed with.
    id_token_signing_alg_values_supported: Vec<String>,
    /// Ways in which clients authenticate at the token endpoint.
    token_endpoint_auth_methods_supported: Vec<String>,
    /// Ways in which clients authenticate at the revocation endpoint.
    revocation_endpoint_auth_methods_supported: Vec<String>,
    /// Values of `display`.
    display_values_supported: Vec<String>,
    /// `normal`: claims are made by the provider itself.
    claim_types_supported: Vec<String>,
    /// Claims that ID Tokens and userinfo can have.
    claims_supported: Vec<String>,
    /// Whether the parameter `claims` is read.
    claims_parameter_supported: bool,
    /// Whether the parameter `request` is read.
    request_parameter_supported: bool,
    /// Whether the parameter `request_uri` is read.
    request_uri_parameter_supported: bool,
    /// Values of `code_challenge_method` (RFC 7636).
    code_challenge_methods_supported: Vec<String>,
    /// Values of `prompt`.
    prompt_values_supported: Vec<String>,
    /// Whether answers name their issuer (RFC 9207).
    authorization_response_iss_parameter_supported: bool,
}

/// Public keys (RFC 7517 §5).
#[derive(Object)]
pub(super) struct JwkSet {
    /// Those that sign now, the next ones, and former ones while their tokens live.
    keys: Vec<Jwk>,
}

/// A public key (RFC 7517 §4; RFC 7518 §6; RFC 8037 §2).
#[derive(Object)]
struct Jwk {
    /// `RSA`, `EC` or `OKP`.
    kty: String,
    /// `sig`: the key is for signatures.
    r#use: String,
    /// The one algorithm that the key is for.
    alg: String,
    /// The name of the key, as in the header of what it signed.
    kid: String,
    /// The modulus of an RSA key, base64url.
    n: Option<String>,
    /// The exponent of an RSA key, base64url.
    e: Option<String>,
    /// The curve of an EC or OKP key.
    crv: Option<String>,
    /// The x coordinate of an EC key, or an OKP key, base64url.
    x: Option<String>,
    /// The y coordinate of an EC key, base64url.
    y: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use poem_openapi::registry::Registry;
    use poem_openapi::types::Type;

    use super::*;
    use crate::protocol::Scope;
    use crate::protocol::authorization::Policy;
    use crate::protocol::discovery::Document;

    #[test]
    fn the_document_describes_every_member_of_the_metadata_and_no_other() {
        let policy = Policy {
            scopes: Scope::default(),
            acr_values: vec!["urn:pwd".to_owned()],
            plain_pkce: false,
            require_pkce: false,
        };
        let metadata = Document::new("https://op.example", &policy, &[]);
        let metadata = serde_json::to_value(metadata).unwrap();
        let announced: BTreeSet<&str> =
            metadata.as_object().unwrap().keys().map(String::as_str).collect();
        let mut registry = Registry::new();
        ProviderMetadata::register(&mut registry);
        let schema = &registry.schemas["ProviderMetadata"];
        let described: BTreeSet<&str> = schema.properties.iter().map(|(name, _)| *name).collect();
        assert_eq!(described, announced);
    }
}
