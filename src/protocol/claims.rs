//! Which claims go where (OIDC Core §5.1, §5.4).

use serde_json::{Map, Value};

use super::claims_request::ClaimsRequest;
use super::scope::{OFFLINE_ACCESS, OPENID, Scope};

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

/// The claims about a person that were asked for and granted, out of those that are known. Whatever was granted once, only those
/// that the client may have today: `allowed` are the scopes that it is registered for.
pub fn select(
    known: &Claims,
    allowed: &Scope,
    scope: &Scope,
    request: &ClaimsRequest,
    delivery: Delivery,
) -> Claims {
    let (asked, by_scope) = match delivery {
        Delivery::Userinfo => (&request.userinfo, true),
        Delivery::IdToken { access_token_issued } => (&request.id_token, !access_token_issued),
    };
    let wanted = |name: &str, value: &Value| {
        asked.get(name).is_some_and(|demand| demand.is_met_by(value))
            || by_scope && is_of_scope(name, scope)
    };
    let withheld = |name: &str| OF_TOKENS.contains(&name) || !is_of_scope(name, allowed);
    known
        .iter()
        .filter(|(name, value)| !withheld(name) && wanted(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Whether one of these scopes stands for the claim. A scope of the operator's own stands for the claim of its name.
pub fn is_of_scope(claim: &str, scope: &Scope) -> bool {
    BY_SCOPE.iter().any(|(name, claims)| claims.contains(&claim) && scope.contains(name))
        || is_custom(claim) && scope.contains(claim)
}

/// Whether a scope of this name would be none of the standard ones.
pub fn is_custom(scope: &str) -> bool {
    ![OPENID, OFFLINE_ACCESS].contains(&scope) && BY_SCOPE.iter().all(|(name, _)| *name != scope)
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

    /// All that may be asked for here.
    const ALLOWED: &str = "openid profile email address phone groups shoe_size";

    fn selected(names: &str, request: &str, delivery: Delivery) -> String {
        selected_for(ALLOWED, names, request, delivery)
    }

    fn selected_for(allowed: &str, names: &str, request: &str, delivery: Delivery) -> String {
        let request = ClaimsRequest::parse(request).unwrap();
        let claims = select(&known(), &scope(allowed), &scope(names), &request, delivery);
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
            ("openid groups", "groups"),
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
    fn what_the_client_may_not_have_is_withheld_whatever_was_granted() {
        let request = r#"{"userinfo": {"email": null, "groups": null}, "id_token": {"email": null, "shoe_size": null}}"#;
        let without = Delivery::IdToken { access_token_issued: false };
        for (allowed, userinfo, id_token) in [
            ("openid", "", ""),
            ("openid profile", "name", "name"),
            ("openid groups", "groups", ""),
            ("openid email shoe_size", "email", "email shoe_size"),
        ] {
            let scope = "openid profile";
            assert_eq!(selected_for(allowed, scope, request, Delivery::Userinfo), userinfo);
            assert_eq!(selected_for(allowed, scope, request, without), id_token);
        }
    }

    #[test]
    fn a_standard_scope_stands_for_no_claim_of_its_name() {
        for (claim, names, expected) in [
            ("phone", "openid phone", false),
            ("openid", "openid", false),
            ("email", "email", true),
            ("profile", "profile", true),
            ("groups", "openid groups", true),
            ("groups", "openid profile", false),
        ] {
            assert_eq!(is_of_scope(claim, &scope(names)), expected, "{claim} {names}");
        }
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
        let all: Scope = known.keys().map(String::as_str).collect();
        let request = ClaimsRequest {
            userinfo: known.keys().map(|name| (name.clone(), Default::default())).collect(),
            ..Default::default()
        };
        let claims = select(&known, &all, &all, &request, Delivery::Userinfo);
        assert_eq!(claims, Claims::new());
    }
}
