//! When the database fails, nobody is told that it went well (IN4).

use super::{is_signed_in, offline};
use crate::support::{Op, Registration, password_of};

/// Takes a table away, and puts it back.
async fn hide(op: &Op, table: &str) {
    op.execute(&format!("ALTER TABLE {table} RENAME TO hidden")).await;
}

async fn restore(op: &Op, table: &str) {
    op.execute(&format!("ALTER TABLE hidden RENAME TO {table}")).await;
}

fn failed(status: u16) -> bool {
    matches!(status, 500 | 503)
}

// IN4
#[tokio::test]
async fn a_revocation_that_was_not_stored_is_not_confirmed() {
    let (op, app) = Op::with_app().await;
    let tokens = offline(&op.browser(), &app).await;
    hide(&op, "revocation").await;
    for token in [&tokens.access_token, tokens.refresh_token()] {
        let reply = app.revoke(token).await;
        assert!(failed(reply.status), "{reply:?}");
        assert_eq!(reply.json()["error"], "server_error");
    }
    // Whether it was taken back nobody knows now, so it is not honoured either.
    assert!(failed(app.userinfo(&tokens.access_token).await.status));
    restore(&op, "revocation").await;
    app.userinfo(&tokens.access_token).await.success();
    assert_eq!(app.revoke(tokens.refresh_token()).await.status, 200);
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
}

// IN4
#[tokio::test]
async fn signing_out_that_was_not_stored_is_not_confirmed() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let code = browser.authorize(&app).log_in("alice").consent().await.code();
    let id_token = app.redeem(&code).await.tokens().raw_id_token.unwrap();
    let confirm = browser.visit("/logout").await;
    hide(&op, "revocation").await;
    let after = confirm.clone().press("#logout-confirm").await;
    assert!(failed(after.page().status));
    let hinted = browser.visit(&app.logout_url(&[("id_token_hint", &id_token)])).await;
    assert!(failed(hinted.page().status));
    assert!(browser.cookies().iter().any(|(name, _)| name == "vestibule-session"));
    restore(&op, "revocation").await;
    assert!(is_signed_in(&browser, &app).await);
    confirm.press("#logout-confirm").await;
    assert!(!is_signed_in(&browser, &app).await);
}

// IN4
#[tokio::test]
async fn whoever_cannot_be_counted_is_not_let_in() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    hide(&op, "attempt").await;
    let mut arrival = browser.authorize(&app).log_in("alice").await;
    assert!(failed(arrival.page().status));
    arrival = arrival.log_in("alice").await;
    assert!(failed(arrival.page().status) && arrival.page().asks_for_login());
    assert!(!browser.cookies().iter().any(|(name, _)| name == "vestibule-session"));
    restore(&op, "attempt").await;
    arrival.log_in("alice").consent().await.code();
}

// IN4, RT4
#[tokio::test]
async fn a_change_of_password_that_ends_nothing_is_no_success() {
    let (op, app) = Op::with_app().await;
    let (laptop, phone) = (op.browser(), op.browser());
    let tokens = offline(&laptop, &app).await;
    let login = phone.authorize(&app).await;
    let pending = login.page().attribute("input[name=pending]", "value").unwrap();
    let page = phone.visit(&format!("/login/password?pending={pending}")).await.page().clone();
    let change = |current: &str, new: &str| {
        let form = page.press("#password-submit").fill("username", "alice");
        let form = form.fill("current_password", current).fill("new_password", new);
        phone.send(&page, form.fill("repeated_password", new))
    };
    let (former, new) = (password_of("alice"), "a password that is new");
    // Who cannot be counted is not asked about, and whose sessions cannot end is not let in.
    for (table, current, next) in [("attempt", &*former, new), ("revocation", &former, new)] {
        hide(&op, table).await;
        assert!(failed(change(current, next).await.page().status), "{table}");
        restore(&op, table).await;
        assert!(!phone.cookies().iter().any(|(name, _)| name == "vestibule-session"), "{table}");
    }
    // It was changed; whoever changes it again has what the first one had opened ended.
    assert!(change(new, &former).await.has_left());
    assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant");
}

// IN4
#[tokio::test]
async fn what_could_not_be_redeemed_is_not_answered_with_tokens() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let tokens = offline(&browser, &app).await;
    let code = browser.authorize(&app).await.code();
    for table in ["redemption", "refresh_token", "grant"] {
        let quoted = format!("\"{table}\"");
        hide(&op, &quoted).await;
        let replies = [app.redeem(&code).await, app.refresh(tokens.refresh_token()).await];
        restore(&op, &quoted).await;
        // Without a refresh token to be stored, the code needs no table of them.
        for reply in &replies {
            assert!(failed(reply.status), "{table}: {reply:?}");
        }
    }
    app.redeem(&code).await.tokens();
    app.refresh(tokens.refresh_token()).await.tokens();
}

// IN4
#[tokio::test]
async fn a_replay_that_cannot_be_punished_is_no_success_either() {
    let op = Op::start().await;
    let app = op.app(Registration::web()).await;
    let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
    let tokens = app.redeem(&code).await.tokens();
    hide(&op, "revocation").await;
    assert!(failed(app.redeem(&code).await.status));
    restore(&op, "revocation").await;
    assert_eq!(app.redeem(&code).await.error(), "invalid_grant");
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
}
