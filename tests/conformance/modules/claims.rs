//! Claims about the person, by scope and by name.

use serde_json::{Map, Value, json};

use super::super::flow::Flow;

const PROFILE: &[&str] = &[
    "name",
    "given_name",
    "family_name",
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
];
const EMAIL: &[&str] = &["email", "email_verified"];
const ADDRESS: &[&str] = &["address"];
const PHONE: &[&str] = &["phone_number", "phone_number_verified"];

/// Signs in with a scope, and expects exactly these claims where this flow gives them.
async fn scope_gives(flow: Flow, scope: &str, expected: &[&[&str]]) {
    let (op, app) = flow.begin().await;
    let signed_in = flow.sign_in(&op, &app, flow.request(&app).scope(scope)).await;
    let person = signed_in.person().await;
    for name in expected.concat() {
        assert!(has_its_type(name, &person), "{name} in {person:?}");
    }
    let all = [PROFILE, EMAIL, ADDRESS, PHONE].concat();
    let stray: Vec<_> = all
        .iter()
        .filter(|name| person.contains_key(**name) && !expected.concat().contains(name))
        .collect();
    assert!(stray.is_empty(), "{scope} gives {stray:?} as well");
    if flow.has_access_token() {
        let leaked: Vec<_> =
            all.iter().filter(|name| signed_in.id_token.get(name).is_some()).collect();
        assert!(leaked.is_empty(), "the ID Token carries {leaked:?}");
    }
}

/// "Standard Claims" (OIDC Core §5.1) and their JSON types.
fn has_its_type(name: &str, person: &Map<String, Value>) -> bool {
    person.get(name).is_some_and(|value| match name {
        "email_verified" | "phone_number_verified" => value.is_boolean(),
        "updated_at" => value.is_number(),
        "address" => value
            .as_object()
            .is_some_and(|parts| !parts.is_empty() && parts.values().all(Value::is_string)),
        _ => value.as_str().is_some_and(|text| !text.is_empty()),
    })
}

/// `oidcc-scope-profile`
pub async fn scope_profile_gives_the_profile(flow: Flow) {
    scope_gives(flow, "openid profile", &[PROFILE]).await;
}

/// `oidcc-scope-email`
pub async fn scope_email_gives_the_address_of_mail(flow: Flow) {
    scope_gives(flow, "openid email", &[EMAIL]).await;
}

/// `oidcc-scope-address`
pub async fn scope_address_gives_the_postal_address(flow: Flow) {
    scope_gives(flow, "openid address", &[ADDRESS]).await;
}

/// `oidcc-scope-phone`
pub async fn scope_phone_gives_the_phone_number(flow: Flow) {
    scope_gives(flow, "openid phone", &[PHONE]).await;
}

/// `oidcc-scope-all`
pub async fn all_scopes_together_give_everything(flow: Flow) {
    scope_gives(flow, "openid profile email address phone", &[PROFILE, EMAIL, ADDRESS, PHONE])
        .await;
}

/// `oidcc-claims-essential`
pub async fn an_essential_claim_is_given(flow: Flow) {
    let (op, app) = flow.begin().await;
    let place = if flow.has_access_token() { "userinfo" } else { "id_token" };
    let claims = json!({ place: { "name": { "essential": true } } }).to_string();
    let signed_in = flow.sign_in(&op, &app, flow.request(&app).with("claims", &claims)).await;
    assert!(has_its_type("name", &signed_in.person().await));
}
