//! What we announce (OIDC Discovery 1.0 §3; RFC 8414 §2; RFC 9207 §3; RP-Initiated Logout 1.0 §2.1).
//!
//! Made from the same lists that the endpoints read by, so that neither can promise what the other refuses.

use serde::Serialize;

use super::Algorithm;
use super::authorization::{DISPLAY, Policy, Prompt};
use super::claims::{self, BY_SCOPE, OF_TOKENS};
use super::client::{AuthMethod, GrantType};
use super::response_type::{ResponseMode, ResponseType};

/// The provider's metadata; every member is registered with IANA.
#[derive(Debug, Serialize)]
pub struct Document {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    pub subject_types_supported: [&'static str; 1],
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub display_values_supported: Vec<&'static str>,
    pub claim_types_supported: [&'static str; 1],
    pub claims_supported: Vec<String>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub authorization_response_iss_parameter_supported: bool,
}

impl Document {
    pub fn new(issuer: &str, policy: &Policy, algorithms: &[Algorithm]) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let methods = || AuthMethod::ALL.map(AuthMethod::as_str).to_vec();
        let mut claims: Vec<String> = OF_TOKENS.iter().map(|name| (*name).to_owned()).collect();
        let of_scopes = BY_SCOPE.iter().flat_map(|(_, names)| names.iter().copied());
        claims.extend(of_scopes.map(str::to_owned));
        for name in policy.scopes.iter().filter(|name| claims::is_custom(name)) {
            if claims.iter().all(|known| known != name) {
                claims.push(name.to_owned());
            }
        }
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("/oauth2/authorize"),
            token_endpoint: at("/oauth2/token"),
            userinfo_endpoint: at("/oauth2/userinfo"),
            jwks_uri: at("/oauth2/jwks"),
            revocation_endpoint: at("/oauth2/revoke"),
            end_session_endpoint: at("/oauth2/logout"),
            scopes_supported: policy.scopes.iter().map(str::to_owned).collect(),
            response_types_supported: ResponseType::ALL.map(|kind| kind.to_string()).to_vec(),
            response_modes_supported: ResponseMode::ALL.map(ResponseMode::as_str).to_vec(),
            grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
            acr_values_supported: policy.acr_values.clone(),
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: algorithms
                .iter()
                .map(|algorithm| algorithm.as_str())
                .collect(),
            token_endpoint_auth_methods_supported: methods(),
            revocation_endpoint_auth_methods_supported: methods(),
            display_values_supported: DISPLAY.to_vec(),
            claim_types_supported: ["normal"],
            claims_supported: claims,
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            code_challenge_methods_supported: if policy.plain_pkce {
                vec!["S256", "plain"]
            } else {
                vec!["S256"]
            },
            prompt_values_supported: Prompt::ALL.iter().map(|(name, _)| *name).collect(),
            authorization_response_iss_parameter_supported: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::protocol::samples::{ISSUER, policy};

    fn document(policy: &Policy) -> Value {
        let algorithms = [Algorithm::RS256, Algorithm::ES256];
        serde_json::to_value(Document::new(ISSUER, policy, &algorithms)).unwrap()
    }

    #[test]
    fn every_endpoint_is_below_the_issuer() {
        let document = document(&policy());
        assert_eq!(document["issuer"], ISSUER);
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name.ends_with("_uri") {
                assert!(value.as_str().unwrap().starts_with("https://op.example/"), "{name}");
            }
        }
    }

    #[test]
    fn what_clients_would_assume_otherwise_is_said() {
        // The defaults of OIDC Discovery §3 are true for `request_uri_parameter_supported` and false for the other two.
        let document = document(&policy());
        assert_eq!(document["request_uri_parameter_supported"], false);
        assert_eq!(document["claims_parameter_supported"], true);
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document["id_token_signing_alg_values_supported"], json!(["RS256", "ES256"]));
        assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!("implicit")));
    }

    #[test]
    fn lists_follow_the_configuration() {
        let mut policy = policy();
        assert_eq!(document(&policy)["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document(&policy)["acr_values_supported"], json!(["urn:pwd", "urn:mfa"]));
        policy.plain_pkce = true;
        policy.acr_values.clear();
        assert_eq!(document(&policy)["code_challenge_methods_supported"], json!(["S256", "plain"]));
        assert_eq!(document(&policy).get("acr_values_supported"), None);
    }

    #[test]
    fn each_claim_is_announced_once_and_none_that_no_token_has() {
        let document = document(&policy());
        let claims: Vec<&str> = document["claims_supported"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let distinct: std::collections::BTreeSet<&str> = claims.iter().copied().collect();
        assert_eq!(claims.len(), distinct.len());
        assert!(distinct.contains("groups") && distinct.contains("sub"));
        assert!(!distinct.contains("jti"));
    }
}
