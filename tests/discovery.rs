//! What the provider announces it does, and what it does not announce it refuses.

use serde_json::{Value, json};

use crate::support::{App, Op, Registration, Request};

fn list<'a>(document: &'a Value, name: &str) -> Vec<&'a str> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name} is missing"));
    values.iter().map(|value| value.as_str().unwrap()).collect()
}

/// The `error` with which a request is refused; nothing if it leads to the login page or to an answer.
async fn refusal(op: &Op, request: Request) -> Option<String> {
    let arrival = op.browser().authorize(request).await;
    arrival.has_left().then(|| arrival.answer().get("error").map(str::to_owned)).flatten()
}

async fn signs_in(op: &Op, app: &App, request: Request) {
    let answer = op.browser().authorize(request).through("alice").await.answer();
    if answer.get("code").is_some() {
        app.redeem(&answer.code()).await.tokens().id_token().await;
    }
    if answer.get("id_token").is_some() {
        answer.id_token().await;
    }
}

#[tokio::test]
async fn both_documents_are_the_same_and_every_address_in_them_answers() {
    let op = Op::start().await;
    let document = op.discovery().await;
    assert_eq!(op.get_json("/.well-known/oauth-authorization-server").await, document);
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            let status = op.status(value.as_str().unwrap()).await;
            assert!(![404, 500].contains(&status), "{name}: {status}");
        }
    }
}

#[tokio::test]
async fn every_announced_response_type_and_mode_signs_in() {
    let op = Op::start().await;
    let document = op.discovery().await;
    for response_type in list(&document, "response_types_supported") {
        let app = op.app(Registration::web().response_types(&[response_type])).await;
        for mode in list(&document, "response_modes_supported") {
            let request = app.request().with("response_mode", mode);
            if mode == "query" && response_type != "code" {
                assert_eq!(refusal(&op, request).await.as_deref(), Some("invalid_request"));
            } else {
                signs_in(&op, &app, request).await;
            }
        }
    }
}

#[tokio::test]
async fn no_other_response_type_or_mode_is_accepted() {
    let (op, app) = Op::with_app().await;
    for response_type in ["none", "code code", "code  code", "Code", "code device"] {
        let request = app.request().with("response_type", response_type);
        assert_eq!(
            refusal(&op, request).await.as_deref(),
            Some("unsupported_response_type"),
            "{response_type}"
        );
    }
    for mode in ["jwt", "query.jwt", "web_message", "QUERY"] {
        let request = app.request().with("response_mode", mode);
        assert_eq!(refusal(&op, request).await.as_deref(), Some("invalid_request"), "{mode}");
    }
}

#[tokio::test]
async fn every_announced_algorithm_signs_id_tokens() {
    let op = Op::with_config(
        "[keys]\nalgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA']",
    )
    .await;
    let document = op.discovery().await;
    let algorithms = list(&document, "id_token_signing_alg_values_supported");
    assert_eq!(algorithms.len(), 10);
    for algorithm in algorithms {
        let registration = Registration::web()
            .response_types(&["code id_token token"])
            .with("id_token_signed_response_alg", json!(algorithm));
        let app = op.app(registration).await;
        let answer = op.browser().authorize(&app).through("alice").await.answer();
        assert_eq!(answer.id_token().await.algorithm, algorithm);
    }
}

#[tokio::test]
async fn every_announced_way_to_authenticate_is_accepted_and_only_the_registered_one() {
    let op = Op::start().await;
    let document = op.discovery().await;
    for method in list(&document, "token_endpoint_auth_methods_supported") {
        let app =
            op.app(Registration::web().with("token_endpoint_auth_method", json!(method))).await;
        signs_in(&op, &app, app.request()).await;
        for other in ["client_secret_basic", "client_secret_post"] {
            if other != method && method != "none" {
                let cheat = app.authenticating_by(other);
                let code = op.browser().authorize(&app).through("alice").await.code();
                assert_eq!(
                    cheat.redeem(&code).await.error(),
                    "invalid_client",
                    "{method} by {other}"
                );
            }
        }
    }
}

#[tokio::test]
async fn tokens_are_given_back_in_every_announced_way_and_only_in_the_registered_one() {
    let op = Op::start().await;
    let document = op.discovery().await;
    let methods = list(&document, "revocation_endpoint_auth_methods_supported");
    for &method in &methods {
        let registration = Registration::web().with("token_endpoint_auth_method", json!(method));
        let app = op.app(registration).await;
        let code = op.browser().authorize(&app).through("alice").await.code();
        let token = app.redeem(&code).await.tokens().access_token;
        for &other in methods.iter().filter(|other| **other != method && method != "none") {
            let reply = app.authenticating_by(other).revoke(&token).await;
            assert_eq!(reply.error(), "invalid_client", "{method} by {other}");
        }
        assert_eq!(app.userinfo(&token).await.status, 200);
        assert_eq!(app.revoke(&token).await.status, 200, "{method}");
        assert_eq!(app.userinfo(&token).await.status, 401);
    }
}

#[tokio::test]
async fn every_announced_grant_is_honoured() {
    let op = Op::start().await;
    let document = op.discovery().await;
    let app = op.app(Registration::web().response_types(&["code id_token token"])).await;
    let answer = op.browser().authorize(&app).through("alice").await.answer();
    for grant in list(&document, "grant_types_supported") {
        match grant {
            "implicit" => assert_eq!(app.userinfo(answer.access_token()).await.status, 200),
            "authorization_code" => {
                app.redeem(&answer.code()).await.tokens();
            }
            "refresh_token" => {
                let code = op.browser().authorize(&app).through("alice").await.code();
                let tokens = app.redeem(&code).await.tokens();
                app.refresh(tokens.refresh_token()).await.tokens();
            }
            other => panic!("{other} is announced, and nobody has tried it"),
        }
    }
}

#[tokio::test]
async fn every_announced_value_of_a_parameter_is_accepted_and_no_other() {
    let (op, app) = Op::with_app().await;
    let document = op.discovery().await;
    for (parameter, announced, stranger) in [
        ("prompt", "prompt_values_supported", "create"),
        ("display", "display_values_supported", "billboard"),
        ("code_challenge_method", "code_challenge_methods_supported", "plain"),
    ] {
        for value in list(&document, announced) {
            let refused = refusal(&op, app.request().with(parameter, value)).await;
            assert_eq!(
                refused.as_deref(),
                (value == "none").then_some("login_required"),
                "{parameter}={value}"
            );
        }
        let refused = refusal(&op, app.request().with(parameter, stranger)).await;
        assert_eq!(refused.as_deref(), Some("invalid_request"), "{parameter}={stranger}");
    }
    for scope in list(&document, "scopes_supported") {
        let asked = format!("openid {scope}");
        assert_eq!(refusal(&op, app.request().scope(&asked)).await, None, "{scope}");
    }
}

#[tokio::test]
async fn no_unannounced_grant_is_honoured() {
    let (op, app) = Op::with_app().await;
    let document = op.discovery().await;
    let grants = list(&document, "grant_types_supported");
    for grant in [
        "password",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "nonsense",
    ] {
        assert!(!grants.contains(&grant));
        let reply =
            app.token(&[("grant_type", grant), ("username", "alice"), ("password", "x")]).await;
        assert_eq!(reply.error(), "unsupported_grant_type", "{grant}");
    }
}

#[tokio::test]
async fn every_claim_that_is_given_is_announced() {
    let (op, app) = Op::with_app().await;
    let document = op.discovery().await;
    let announced = list(&document, "claims_supported");
    let request = app.request().scope("openid profile email address phone");
    let code = op.browser().authorize(request).through("alice").await.code();
    let tokens = app.redeem(&code).await.tokens();
    let userinfo = app.userinfo(&tokens.access_token).await.success();
    for name in tokens.id_token().await.names() {
        assert!(announced.contains(&name), "{name} of the ID Token");
    }
    for name in userinfo.as_object().unwrap().keys() {
        assert!(announced.contains(&name.as_str()), "{name} of userinfo");
    }
}
