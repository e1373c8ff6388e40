//! The profile Config OP.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Op, Setup};

/// Members that the suite knows: registered by OIDC Discovery, RFC 8414 and the specifications that extend them.
const REGISTERED: &[&str] = &[
    "acr_values_supported",
    "authorization_endpoint",
    "authorization_response_iss_parameter_supported",
    "claim_types_supported",
    "claims_locales_supported",
    "claims_parameter_supported",
    "claims_supported",
    "code_challenge_methods_supported",
    "display_values_supported",
    "end_session_endpoint",
    "grant_types_supported",
    "id_token_signing_alg_values_supported",
    "introspection_endpoint",
    "introspection_endpoint_auth_methods_supported",
    "issuer",
    "jwks_uri",
    "op_policy_uri",
    "op_tos_uri",
    "prompt_values_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "response_modes_supported",
    "response_types_supported",
    "revocation_endpoint",
    "revocation_endpoint_auth_methods_supported",
    "scopes_supported",
    "service_documentation",
    "subject_types_supported",
    "token_endpoint",
    "token_endpoint_auth_methods_supported",
    "ui_locales_supported",
    "userinfo_endpoint",
    "userinfo_signing_alg_values_supported",
];

/// `oidcc-discovery-endpoint-verification`
#[tokio::test]
async fn discovery_says_what_the_suite_wants_to_read() {
    let op = Op::set_up(Setup::default().tls()).await;
    let document = op.discovery().await;
    let list = |name: &str| -> BTreeSet<&str> {
        document[name]
            .as_array()
            .unwrap_or_else(|| panic!("{name}"))
            .iter()
            .map(|value| value.as_str().unwrap())
            .collect()
    };

    assert_eq!(document["issuer"], op.issuer());
    for (name, value) in document.as_object().unwrap() {
        assert!(REGISTERED.contains(&name.as_str()), "{name} is not registered");
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            assert!(
                value.as_str().is_some_and(|url| url.starts_with("https://")),
                "{name}: {value}"
            );
        }
    }
    for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
        assert!(document[name].is_string(), "{name}");
    }
    assert!(
        list("response_types_supported")
            .is_superset(&["code", "id_token", "id_token token"].into())
    );
    assert!(list("grant_types_supported").is_superset(&["authorization_code", "implicit"].into()));
    assert!(list("subject_types_supported").contains("public"));
    assert!(list("id_token_signing_alg_values_supported").contains("RS256"));
    assert!(list("scopes_supported").contains("openid"));
    assert!(!list("claims_supported").is_empty());
    assert!(list("code_challenge_methods_supported").contains("S256"));
    for scope in list("scopes_supported") {
        assert!(
            scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
            "{scope}"
        );
    }
}

/// `oidcc-discovery-endpoint-verification`, the keys.
#[tokio::test]
async fn the_published_keys_are_public_distinct_and_plain() {
    let op = Op::start().await;
    let jwks = op.get_json("/oauth2/jwks").await;
    let keys = jwks["keys"].as_array().unwrap();
    let kids: BTreeSet<_> = keys.iter().map(|key| key["kid"].as_str().expect("kid")).collect();
    assert!(
        !keys.is_empty() && kids.len() == keys.len(),
        "every key has a kid of its own: {kids:?}"
    );
    for key in keys {
        for (name, value) in key.as_object().unwrap() {
            assert!(
                !["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains(&name.as_str()),
                "{name} is private"
            );
            if ["n", "e", "x", "y"].contains(&name.as_str()) {
                assert!(is_base64url(value), "{name}: {value}");
            }
        }
        assert_eq!(key["use"], "sig");
        assert!(key["alg"].is_string());
    }
}

#[tokio::test]
async fn metadata_and_keys_say_how_long_they_may_be_kept() {
    let op = Op::start().await;
    for place in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/oauth2/jwks",
    ] {
        let response = op.http().get(op.url(place)).send().await.unwrap();
        let kept = response.headers()["cache-control"].to_str().unwrap();
        let seconds = kept.strip_prefix("public, max-age=").map(str::parse::<u32>);
        assert!(matches!(seconds, Some(Ok(1..))), "{place}: {kept}");
    }
}

fn is_base64url(value: &Value) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    value.as_str().is_some_and(|text| !text.is_empty() && text.bytes().all(plain))
}
