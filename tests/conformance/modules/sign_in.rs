//! Signing in, and what comes of it.

use serde_json::json;

use super::super::flow::Flow;
use crate::support::Op;

/// `oidcc-server`
pub async fn a_person_signs_in(flow: Flow) {
    let (op, app) = flow.begin().await;
    let signed_in = flow.sign_in(&op, &app, flow.request(&app)).await;

    // Only what describes the token and the login; nobody asked for anything about the person.
    let expected = [
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "c_hash",
        "exp",
        "iat",
        "iss",
        "jti",
        "nonce",
        "sid",
        "sub",
    ];
    let stray: Vec<_> =
        signed_in.id_token.names().into_iter().filter(|name| !expected.contains(name)).collect();
    assert!(stray.is_empty(), "nobody asked for {stray:?}");

    let again = flow.sign_in(&op, &app, flow.request(&app)).await;
    assert_eq!(again.id_token["sub"], signed_in.id_token["sub"]);
    for name in ["code", "access_token"] {
        let (first, second) = (signed_in.answer.get(name), again.answer.get(name));
        assert!(first.is_none() || first != second, "{name} is the same twice");
    }
}

/// `oidcc-response-type-missing`
pub async fn a_request_without_response_type_is_refused(flow: Flow) {
    let (op, app) = flow.begin().await;
    let error = op.browser().authorize(flow.request(&app).without("response_type")).await.error();
    assert!(matches!(error.as_str(), "invalid_request" | "unsupported_response_type"), "{error}");
}

/// `oidcc-idtoken-signature`
pub async fn an_id_token_is_signed_with_rs256_unless_registered_otherwise(flow: Flow) {
    let (op, app) = flow.begin().await;
    let id_token = flow.sign_in(&op, &app, flow.request(&app)).await.id_token;
    assert_eq!(id_token.algorithm, "RS256");
    assert!(id_token.kid.is_some_and(|kid| !kid.is_empty()));
}

/// `oidcc-idtoken-unsigned`: skipped by the suite, because we announce no `none`; nor does any request get one.
pub async fn unsigned_id_tokens_are_not_offered(_: Flow) {
    let op = Op::start().await;
    let discovery = op.discovery().await;
    for list in
        discovery.as_object().unwrap().iter().filter(|(name, _)| name.contains("_alg_values_"))
    {
        assert!(!list.1.as_array().unwrap().contains(&json!("none")), "{list:?}");
    }
}

/// `oidcc-userinfo-get`
pub async fn userinfo_answers_a_get(flow: Flow) {
    let (op, app) = flow.begin().await;
    let signed_in = flow.sign_in(&op, &app, flow.request(&app)).await;
    let userinfo = app.userinfo(signed_in.access_token()).await.success();
    assert_eq!(userinfo["sub"], signed_in.id_token["sub"]);
}

/// `oidcc-userinfo-post-header`
pub async fn userinfo_answers_a_post_with_the_token_in_the_header(flow: Flow) {
    let (op, app) = flow.begin().await;
    let signed_in = flow.sign_in(&op, &app, flow.request(&app)).await;
    let userinfo = app.userinfo_by_post(signed_in.access_token()).await.success();
    assert_eq!(userinfo["sub"], signed_in.id_token["sub"]);
}

/// `oidcc-userinfo-post-body`
pub async fn userinfo_answers_a_post_with_the_token_in_the_body(flow: Flow) {
    let (op, app) = flow.begin().await;
    let signed_in = flow.sign_in(&op, &app, flow.request(&app)).await;
    let userinfo = app.userinfo_in_body(signed_in.access_token()).await.success();
    assert_eq!(userinfo["sub"], signed_in.id_token["sub"]);
}

/// `oidcc-ensure-request-without-nonce-succeeds-for-code-flow`
pub async fn a_nonce_is_optional_without_an_id_token_in_the_front_channel(flow: Flow) {
    let (op, app) = flow.begin().await;
    flow.sign_in(&op, &app, flow.request(&app).without("nonce")).await;
}

/// `oidcc-ensure-request-without-nonce-fails`
pub async fn a_nonce_is_demanded_for_an_id_token_in_the_front_channel(flow: Flow) {
    let (op, app) = flow.begin().await;
    let arrival = op.browser().authorize(flow.request(&app).without("nonce")).await;
    assert_eq!(arrival.error(), "invalid_request");
}

/// `oidcc-alternate-happy-flow`
pub async fn the_order_of_parameters_and_scopes_means_nothing(flow: Flow) {
    let (op, app) = flow.begin().await;
    let request = flow.request(&app).scope("email profile openid").reversed();
    flow.sign_in(&op, &app, request).await;
}

/// Signs in with a parameter that must not get in the way.
async fn signs_in_with(flow: Flow, name: &str, value: &str) {
    let (op, app) = flow.begin().await;
    flow.sign_in(&op, &app, flow.request(&app).with(name, value)).await;
}

/// `oidcc-display-page`
pub async fn display_page_is_no_error(flow: Flow) {
    signs_in_with(flow, "display", "page").await;
}

/// `oidcc-display-popup`
pub async fn display_popup_is_no_error(flow: Flow) {
    signs_in_with(flow, "display", "popup").await;
}

/// `oidcc-ui-locales`
pub async fn ui_locales_are_no_error(flow: Flow) {
    signs_in_with(flow, "ui_locales", "se").await;
}

/// `oidcc-claims-locales`
pub async fn claims_locales_are_no_error(flow: Flow) {
    signs_in_with(flow, "claims_locales", "se").await;
}

/// `oidcc-ensure-request-with-unknown-parameter-succeeds`
pub async fn unknown_parameters_are_ignored(flow: Flow) {
    signs_in_with(flow, "extra", "foobar").await;
}

/// `oidcc-login-hint`
pub async fn a_login_hint_stands_in_the_login_page(flow: Flow) {
    let (op, app) = flow.begin().await;
    let arrival = op.browser().authorize(flow.request(&app).with("login_hint", "alice")).await;
    assert_eq!(arrival.page().attribute("input[name=username]", "value").as_deref(), Some("alice"));
    flow.finish(&app, &arrival.log_in("alice").consent().await).await;
}

/// `oidcc-ensure-request-with-acr-values-succeeds`
pub async fn acr_values_are_answered_with_an_announced_one(flow: Flow) {
    let op = Op::with_config("[authorization]\nacr_values = ['1', '2']\npassword_acr = '1'").await;
    let app = op.app(flow.registration()).await;
    let signed_in = flow.sign_in(&op, &app, flow.request(&app).with("acr_values", "1 2")).await;
    let announced = op.discovery().await["acr_values_supported"].clone();
    assert_eq!(announced, json!(["1", "2"]));
    if let Some(acr) = signed_in.id_token.get("acr") {
        assert!(announced.as_array().unwrap().contains(acr), "{acr} is not announced");
    }
}

/// `oidcc-ensure-registered-redirect-uri`
pub async fn an_unregistered_redirect_uri_is_answered_with_a_page(flow: Flow) {
    let (op, app) = flow.begin().await;
    let longer = format!("{}/extra", app.redirect_uri());
    let arrival = op.browser().authorize(flow.request(&app).with("redirect_uri", &longer)).await;
    let page = arrival.error_page(400);
    assert_eq!(page.url.path(), "/oauth2/authorize", "the error is shown at the URL that failed");
    assert!(page.text().contains("redirect_uri"), "{}", page.text());
}

/// `oidcc-ensure-post-request-succeeds`
pub async fn an_authorization_request_may_be_posted(flow: Flow) {
    let (op, app) = flow.begin().await;
    flow.sign_in(&op, &app, flow.request(&app).by_post()).await;
}
