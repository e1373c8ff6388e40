//! When people are asked, and when not: `prompt`, `max_age`, `id_token_hint`.

use super::super::flow::Flow;

/// `oidcc-prompt-login`
pub async fn prompt_login_asks_for_the_password_again(flow: Flow) {
    let (op, app) = flow.begin().await;
    let browser = op.browser();
    let first = flow
        .finish(&app, &browser.authorize(flow.request(&app)).log_in("alice").consent().await)
        .await;

    op.time.pass_seconds(2);
    let arrival = browser.authorize(flow.request(&app).prompt("login")).log_in("alice").await;
    let second = flow.finish(&app, &arrival).await;
    assert_eq!(second.id_token["sub"], first.id_token["sub"]);
    assert_eq!(second.id_token.auth_time(), first.id_token.auth_time() + 2);
}

/// `oidcc-prompt-none-not-logged-in`
pub async fn prompt_none_without_a_session_is_an_error(flow: Flow) {
    let (op, app) = flow.begin().await;
    let request = flow.request(&app).prompt("none").with("state", &"x".repeat(128));
    assert_eq!(op.browser().authorize(request).await.error(), "login_required");
}

/// `oidcc-prompt-none-logged-in`
pub async fn prompt_none_with_a_session_asks_nothing(flow: Flow) {
    let (op, app) = flow.begin().await;
    let browser = op.browser();
    let first = flow
        .finish(&app, &browser.authorize(flow.request(&app)).log_in("alice").consent().await)
        .await;

    op.time.pass_seconds(2);
    let second =
        flow.finish(&app, &browser.authorize(flow.request(&app).prompt("none")).await).await;
    assert_eq!(second.id_token["sub"], first.id_token["sub"]);
    assert_eq!(second.id_token.auth_time(), first.id_token.auth_time());
}

/// `oidcc-max-age-1`
pub async fn a_login_older_than_max_age_is_renewed(flow: Flow) {
    let (op, app) = flow.begin().await;
    let browser = op.browser();
    let first = flow
        .finish(&app, &browser.authorize(flow.request(&app)).log_in("alice").consent().await)
        .await;

    op.time.pass_seconds(2);
    let arrival = browser.authorize(flow.request(&app).with("max_age", "1")).log_in("alice").await;
    let second = flow.finish(&app, &arrival).await;
    assert_eq!(second.id_token["sub"], first.id_token["sub"]);
    assert_eq!(second.id_token.auth_time(), op.time.seconds());
}

/// `oidcc-max-age-10000`
pub async fn a_login_within_max_age_stands(flow: Flow) {
    let (op, app) = flow.begin().await;
    let browser = op.browser();
    let request = || flow.request(&app).with("max_age", "10000");
    let first =
        flow.finish(&app, &browser.authorize(request()).log_in("alice").consent().await).await;

    op.time.pass_seconds(2);
    let second = flow.finish(&app, &browser.authorize(request()).await).await;
    assert_eq!(second.id_token["sub"], first.id_token["sub"]);
    assert_eq!(second.id_token.auth_time(), first.id_token.auth_time());
}

/// `oidcc-id-token-hint`
pub async fn a_hint_of_whoever_is_there_asks_nothing(flow: Flow) {
    let (op, app) = flow.begin().await;
    let browser = op.browser();
    let first = flow
        .finish(&app, &browser.authorize(flow.request(&app)).log_in("alice").consent().await)
        .await;
    let hint = first.raw_id_token();

    let request = flow.request(&app).prompt("none").with("id_token_hint", hint);
    let second = flow.finish(&app, &browser.authorize(request).await).await;
    assert_eq!(second.id_token["sub"], first.id_token["sub"]);
}
