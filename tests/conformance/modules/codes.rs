//! Codes and what they are exchanged for.

use super::super::flow::Flow;
use crate::support::{App, Op};

/// `oidcc-codereuse`
pub async fn a_code_is_redeemed_once(flow: Flow) {
    let (op, app) = flow.begin().await;
    let code = op.browser().authorize(flow.request(&app)).through("alice").await.code();
    app.redeem(&code).await.tokens();
    let again = app.redeem(&code).await;
    assert_eq!((again.status, again.error().as_str()), (400, "invalid_grant"));
}

/// `oidcc-codereuse-30seconds`
pub async fn a_code_that_comes_again_takes_its_tokens_along(flow: Flow) {
    let (op, app) = flow.begin().await;
    let code = op.browser().authorize(flow.request(&app)).through("alice").await.code();
    let tokens = app.redeem(&code).await.tokens();
    app.userinfo(&tokens.access_token).await.success();

    op.time.pass_seconds(30);
    assert_eq!(app.redeem(&code).await.error(), "invalid_grant");
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
}

/// `oidcc-server-client-secret-post`
pub async fn a_client_may_post_its_secret(flow: Flow) {
    let op = Op::start().await;
    let registration =
        flow.registration().with("token_endpoint_auth_method", "client_secret_post".into());
    let app = op.app(registration).await;
    flow.sign_in(&op, &app, flow.request(&app)).await;
}

/// `oidcc-ensure-request-with-valid-pkce-succeeds`: every request of ours carries PKCE; without it a
/// confidential client succeeds as well.
pub async fn pkce_is_honoured_and_for_confidential_clients_optional(flow: Flow) {
    let (op, app) = flow.begin().await;
    flow.sign_in(&op, &app, flow.request(&app)).await;
    flow.sign_in(&op, &app, flow.request(&app).without_pkce()).await;
}

/// `oidcc-refresh-token`
pub async fn a_refresh_token_serves_its_own_client_alone(flow: Flow) {
    let (op, first) = flow.begin().await;
    let second = op.app(flow.registration()).await;
    let before = offline(flow, &op, &first).await;

    op.time.pass_seconds(2);
    let tokens = first.refresh(before.refresh_token()).await.tokens();
    let (old, new) = (before.id_token().await, tokens.id_token().await);
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(new[name], old[name], "{name}");
    }
    assert_eq!(new["iat"].as_i64(), old["iat"].as_i64().map(|iat| iat + 2));
    assert_ne!(tokens.access_token, before.access_token);
    first.userinfo(&tokens.access_token).await.success();

    let theirs = offline(flow, &op, &second).await;
    assert_eq!(first.refresh(theirs.refresh_token()).await.error(), "invalid_grant");
    second.refresh(theirs.refresh_token()).await.tokens();
}

async fn offline(flow: Flow, op: &Op, app: &App) -> crate::support::Tokens {
    let request = flow.request(app).scope("openid offline_access").prompt("consent");
    flow.sign_in(op, app, request).await.tokens.expect("tokens for the code")
}
