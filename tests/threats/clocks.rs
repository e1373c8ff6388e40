//! What time does to what we hand out: dead at its very second, and not before (TK4).

use std::time::Duration;

use serde_json::json;

use super::{is_signed_in, offline};
use crate::support::{Op, Registration};

const HOUR: u64 = 3600;

// TK4
#[tokio::test]
async fn a_token_lives_as_long_as_it_says_and_no_longer() {
    for (registration, lifetime) in [
        (Registration::web(), HOUR),
        (Registration::web().with("access_token_format", json!("opaque")), HOUR),
        (Registration::web().with("lifetimes", json!({ "access_token": 5 })), 5),
    ] {
        let op = Op::start().await;
        let app = op.app(registration).await;
        let tokens = offline(&op.browser(), &app).await;
        assert_eq!(tokens.expires_in, lifetime);
        for (passed, status) in [(0, 200), (lifetime - 1, 200), (1, 401), (1, 401), (1 << 40, 401)]
        {
            op.time.pass_seconds(passed);
            assert_eq!(app.userinfo(&tokens.access_token).await.status, status, "{passed}");
        }
    }
}

// TK4
#[tokio::test]
async fn a_token_of_the_front_channel_lives_ten_minutes() {
    for format in ["jwt", "opaque"] {
        let op = Op::start().await;
        let registration = Registration::web().response_types(&["id_token token"]);
        let app = op.app(registration.with("access_token_format", json!(format))).await;
        let answer = op.browser().authorize(&app).log_in("alice").consent().await.answer();
        assert_eq!(answer.get("expires_in"), Some("600"));
        for (passed, status) in [(599, 200), (1, 401), (1 << 40, 401)] {
            op.time.pass_seconds(passed);
            assert_eq!(
                app.userinfo(answer.access_token()).await.status,
                status,
                "{format} {passed}"
            );
        }
    }
}

// TK4
#[tokio::test]
async fn a_code_lives_a_minute() {
    for (passed, lives) in [(59_999, true), (60_000, false), (60_001, false), (1 << 45, false)] {
        let (op, app) = Op::with_app().await;
        let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
        op.time.pass(Duration::from_millis(passed));
        let reply = app.redeem(&code).await;
        assert_eq!(reply.status, if lives { 200 } else { 400 }, "{passed} ms");
    }
}

// TK4
#[tokio::test]
async fn a_session_ends_when_it_rests_too_long_and_in_any_case_after_a_day() {
    for (visits, lives) in [
        (&[8 * HOUR - 1][..], true),
        (&[8 * HOUR], false),
        (&[7 * HOUR, 7 * HOUR, 7 * HOUR, 3 * HOUR - 1], true),
        (&[7 * HOUR, 7 * HOUR, 7 * HOUR, 3 * HOUR], false),
        (&[1 << 40], false),
    ] {
        let (op, app) = Op::with_app().await;
        let browser = op.browser();
        browser.authorize(&app).log_in("alice").consent().await.code();
        let (last, before) = visits.split_last().unwrap();
        for visit in before {
            op.time.pass_seconds(*visit);
            assert!(is_signed_in(&browser, &app).await);
        }
        op.time.pass_seconds(*last);
        assert_eq!(is_signed_in(&browser, &app).await, lives, "{visits:?}");
    }
}

// TK4
#[tokio::test]
async fn a_refresh_token_ends_when_it_rests_too_long_and_in_any_case_after_ninety_days() {
    const DAY: u64 = 24 * HOUR;
    for (uses, lives) in [
        (&[30 * DAY - 1][..], true),
        (&[30 * DAY], false),
        (&[29 * DAY, 29 * DAY, 29 * DAY, 3 * DAY - 1], true),
        (&[29 * DAY, 29 * DAY, 29 * DAY, 3 * DAY], false),
    ] {
        let (op, app) = Op::with_app().await;
        let mut tokens = offline(&op.browser(), &app).await;
        let (last, before) = uses.split_last().unwrap();
        for pause in before {
            op.time.pass_seconds(*pause);
            tokens = app.refresh(tokens.refresh_token()).await.tokens();
        }
        op.time.pass_seconds(*last);
        let status = app.refresh(tokens.refresh_token()).await.status;
        assert_eq!(status, if lives { 200 } else { 400 }, "{uses:?}");
    }
}

// TK4
#[tokio::test]
async fn a_client_has_tokens_as_short_lived_as_it_is_registered_for() {
    let op = Op::start().await;
    let own = json!({ "front_channel_token": 5, "id_token": 7 });
    let registration = Registration::web().response_types(&["code id_token token"]);
    let app = op.app(registration.with("lifetimes", own)).await;
    let answer = op.browser().authorize(&app).log_in("alice").consent().await.answer();
    let tokens = app.redeem(&answer.code()).await.tokens();
    for id_token in [answer.id_token().await, tokens.id_token().await] {
        let second = |name: &str| id_token[name].as_i64().unwrap();
        assert_eq!(second("exp") - second("iat"), 7);
    }
    assert_eq!(answer.get("expires_in"), Some("5"));
    for (passed, status) in [(4, 200), (1, 401)] {
        op.time.pass_seconds(passed);
        assert_eq!(app.userinfo(answer.access_token()).await.status, status, "{passed}");
    }
    // The lifetime of this one is the server's.
    assert_eq!(tokens.expires_in, HOUR);
    app.userinfo(&tokens.access_token).await.success();
}

// TK4
#[tokio::test]
async fn a_client_has_refresh_tokens_as_short_lived_as_it_is_registered_for() {
    let own = |idle, absolute| json!({ "refresh_idle": idle, "refresh_absolute": absolute });
    for (lifetimes, uses, lives) in [
        (own(Some(100), None), &[99][..], true),
        (own(Some(100), None), &[100], false),
        (own(Some(100), None), &[99, 99, 99, 99], true),
        (own(None, Some(250)), &[249], true),
        (own(None, Some(250)), &[250], false),
        (own(Some(100), Some(250)), &[99, 99, 51], true),
        (own(Some(100), Some(250)), &[99, 99, 52], false),
        (own(Some(100), Some(250)), &[100], false),
    ] {
        let op = Op::start().await;
        let app = op.app(Registration::web().with("lifetimes", lifetimes.clone())).await;
        let mut tokens = offline(&op.browser(), &app).await;
        let (last, before) = uses.split_last().unwrap();
        for pause in before {
            op.time.pass_seconds(*pause);
            tokens = app.refresh(tokens.refresh_token()).await.tokens();
        }
        op.time.pass_seconds(*last);
        let status = app.refresh(tokens.refresh_token()).await.status;
        assert_eq!(status, if lives { 200 } else { 400 }, "{lifetimes} {uses:?}");
    }
}

// TK4: a leap second is a repeated one, a correction a few.
#[tokio::test]
async fn a_clock_that_goes_back_a_little_disturbs_nobody() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let code = browser.authorize(&app).log_in("alice").consent().await.code();
    op.time.go_back(Duration::from_secs(2));
    let tokens = app.redeem(&code).await.tokens();
    op.time.go_back(Duration::from_secs(2));
    app.userinfo(&tokens.access_token).await.success();
    assert!(is_signed_in(&browser, &app).await);
}

// TK4
#[tokio::test]
async fn a_login_page_that_waited_too_long_begins_again() {
    let (op, app) = Op::with_app().await;
    let login = op.browser().authorize(&app).await;
    op.time.pass_seconds(HOUR);
    let again = login.log_in("alice").await;
    assert!(again.page().asks_for_login() && again.page().status == 200);
    again.log_in("alice").consent().await.code();
}
