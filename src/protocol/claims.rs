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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::samples::scope;

    fn known() -> Claims {
        let Value::Object(claims) = json!({
            "name": "Alice", "email": "alice@example.com", "email_verified": true, "groups": ["staff"],
            "address": {"country": "DE"}, "phone_number": "+49", "shoe_size": 38,
        }) else {
            unreachable!()
        };
        claims
    }

    fn selected(names: &str, request: &str, delivery: Delivery) -> String {
        let request = ClaimsRequest::parse(request).unwrap();
        let custom = [("staff".to_owned(), vec!["groups".to_owned()])];
        let claims = select(&known(), &scope(names), &custom, &request, delivery);
        let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
        names.sort_unstable();
        names.join(" ")
    }

    #[test]
    fn scopes_bring_their_claims_to_userinfo() {
        for (names, claims) in [
            ("openid", ""),
            ("openid profile", "name"),
            ("openid email", "email email_verified"),
            ("openid address phone", "address phone_number"),
            ("openid staff", "groups"),
            ("openid unknown", ""),
        ] {
            assert_eq!(selected(names, "{}", Delivery::Userinfo), claims, "{names}");
        }
    }

    #[test]
    fn the_id_token_has_the_claims_of_scopes_only_where_there_is_no_access_token() {
        let with = Delivery::IdToken { access_token_issued: true };
        let without = Delivery::IdToken { access_token_issued: false };
        assert_eq!(selected("openid profile", "{}", with), "");
        assert_eq!(selected("openid profile", "{}", without), "name");
        let request = r#"{"id_token": {"email": null}, "userinfo": {"shoe_size": null}}"#;
        assert_eq!(selected("openid profile", request, with), "email");
        assert_eq!(selected("openid profile", request, without), "email name");
        assert_eq!(selected("openid", request, Delivery::Userinfo), "shoe_size");
    }

    #[test]
    fn a_claim_is_left_out_if_it_has_none_of_the_values_asked_for() {
        let request = r#"{"userinfo": {"email": {"value": "bob@example.com"}, "missing": {"essential": true}}}"#;
        assert_eq!(selected("openid", request, Delivery::Userinfo), "");
        let request = r#"{"userinfo": {"shoe_size": {"values": [37, 38]}}}"#;
        assert_eq!(selected("openid", request, Delivery::Userinfo), "shoe_size");
    }

    #[test]
    fn no_attribute_of_a_person_stands_in_for_a_claim_of_the_token() {
        let known: Claims = OF_TOKENS.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        let custom = [("all".to_owned(), known.keys().cloned().collect())];
        let request = ClaimsRequest {
            userinfo: known.keys().map(|name| (name.clone(), Default::default())).collect(),
            ..Default::default()
        };
        let claims = select(&known, &scope("openid all"), &custom, &request, Delivery::Userinfo);
        assert_eq!(claims, Claims::new());
    }
}
