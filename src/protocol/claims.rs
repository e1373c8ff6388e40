//! Which claims go where (OIDC Core §5.1, §5.4).

use serde_json::{Map, Value};

use super::claims_request::ClaimsRequest;
use super::scope::Scope;

pub type Claims = Map<String, Value>;

/// "Requesting Claims using Scope Values" (OIDC Core §5.4).
pub const BY_SCOPE: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// Claims of an ID Token that describe the login or the token. They come with it whoever asks, and nothing that is known about
/// a person may stand in their place.
pub const OF_TOKENS: [&str; 13] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
];

/// Where claims are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Userinfo,
    /// Claims of the scopes come along only "when no Access Token is issued" (OIDC Core §5.4).
    IdToken {
        access_token_issued: bool,
    },
}

/// The claims about a person that were asked for and granted, out of those that are known.
///
/// `custom` names further scopes with their claims, as configured.
pub fn select(
    known: &Claims,
    scope: &Scope,
    custom: &[(String, Vec<String>)],
    request: &ClaimsRequest,
    delivery: Delivery,
) -> Claims {
    let (asked, by_scope) = match delivery {
        Delivery::Userinfo => (&request.userinfo, true),
        Delivery::IdToken { access_token_issued } => (&request.id_token, !access_token_issued),
    };
    let wanted = |name: &str, value: &Value| {
        asked.get(name).is_some_and(|demand| demand.is_met_by(value))
            || by_scope && is_of_scope(name, scope, custom)
    };
    known
        .iter()
        .filter(|(name, value)| !OF_TOKENS.contains(&name.as_str()) && wanted(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Whether one of these scopes stands for the claim.
pub fn is_of_scope(claim: &str, scope: &Scope, custom: &[(String, Vec<String>)]) -> bool {
    BY_SCOPE.iter().any(|(name, claims)| claims.contains(&claim) && scope.contains(name))
        || custom
            .iter()
            .any(|(name, claims)| claims.iter().any(|c| c == claim) && scope.contains(name))
}
