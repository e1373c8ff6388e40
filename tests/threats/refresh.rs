//! Refresh tokens: used once, by their own client, for people who are still there.

use std::time::Duration;

use super::{at_once, is_signed_in, offline};
use crate::support::{Database, Op, Registration, on_every_database};

on_every_database! {
    // RT1
    async fn fifty_who_refresh_at_once_get_one_successor_and_reuse_ends_it(op: Op) {
        let app = op.app(Registration::web()).await;
        let first = offline(&op.browser(), &app).await;
        let replies = at_once(50, || {
            let (app, token) = (app.clone(), first.refresh_token().to_owned());
            async move { app.refresh(&token).await }
        })
        .await;
        let tokens: Vec<_> = replies.iter().map(|reply| reply.tokens()).collect();
        let successor = tokens[0].refresh_token();
        assert_ne!(successor, first.refresh_token());
        assert!(tokens.iter().all(|tokens| tokens.refresh_token() == successor));

        op.time.pass_seconds(11);
        assert_eq!(app.refresh(first.refresh_token()).await.error(), "invalid_grant");
        assert_eq!(app.refresh(successor).await.error(), "invalid_grant");
        for tokens in &tokens {
            assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
        }
    }

    // RT1
    async fn once_the_successor_was_used_there_is_no_grace(op: Op) {
        let app = op.app(Registration::web()).await;
        let first = offline(&op.browser(), &app).await;
        let second = app.refresh(first.refresh_token()).await.tokens();
        let third = app.refresh(second.refresh_token()).await.tokens();
        assert_eq!(app.refresh(first.refresh_token()).await.error(), "invalid_grant");
        assert_eq!(app.refresh(third.refresh_token()).await.error(), "invalid_grant");
    }
}

// RT2
#[tokio::test]
async fn neither_a_restart_nor_another_clock_revives_a_used_token() {
    const HOUR: i64 = 3600;
    for (how, seconds) in
        [("not at all", 0), ("ahead", 24 * HOUR), ("back", -HOUR), ("far back", -24 * 365 * HOUR)]
    {
        for successor_used in [true, false] {
            let op = Op::start().await;
            let app = op.app(Registration::web()).await;
            let first = offline(&op.browser(), &app).await;
            let mut last = app.refresh(first.refresh_token()).await.tokens();
            if successor_used {
                last = app.refresh(last.refresh_token()).await.tokens();
            }
            let op = op.restart().await;
            let moved = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 {
                op.time.go_back(moved)
            } else {
                op.time.pass(moved)
            }
            let replay = app.refresh(first.refresh_token()).await;
            if how == "not at all" && !successor_used {
                // Within the grace, and a restart ends nothing.
                assert_eq!(replay.tokens().refresh_token(), last.refresh_token());
            } else {
                assert_eq!(replay.error(), "invalid_grant", "{how}, {successor_used}");
                assert_eq!(app.refresh(last.refresh_token()).await.error(), "invalid_grant");
            }
        }
    }
}

// RT2
#[tokio::test]
async fn what_was_revoked_stays_so_after_a_restart() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let tokens = offline(&browser, &app).await;
    let code = browser.authorize(&app).await.code();
    let other = app.redeem(&code).await.tokens();
    assert_eq!(app.revoke(tokens.refresh_token()).await.status, 200);
    assert_eq!(app.revoke(&other.access_token).await.status, 200);
    let op = op.restart().await;
    op.time.go_back(Duration::from_secs(600));
    assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant");
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(app.userinfo(&other.access_token).await.status, 401);
    assert_eq!(app.redeem(&code).await.error(), "invalid_grant");
}

// RT3
#[tokio::test]
async fn two_applications_in_one_browser_share_nothing() {
    let (op, one) = Op::with_app().await;
    let two = op.app(Registration::web()).await;
    let browser = op.browser();
    let (ours, theirs) = (offline(&browser, &one).await, offline(&browser, &two).await);

    assert_eq!(two.refresh(ours.refresh_token()).await.error(), "invalid_grant");
    for token in [ours.refresh_token(), &ours.access_token] {
        assert_eq!(two.revoke(token).await.status, 200, "says nothing about it");
    }
    one.userinfo(&ours.access_token).await.success();
    let ours = one.refresh(ours.refresh_token()).await.tokens();

    assert_eq!(one.revoke(ours.refresh_token()).await.status, 200);
    assert_eq!(one.refresh(ours.refresh_token()).await.error(), "invalid_grant");
    two.userinfo(&theirs.access_token).await.success();
    two.refresh(theirs.refresh_token()).await.tokens();
}

// RT4
#[tokio::test]
async fn whoever_is_shut_out_is_out_within_a_minute() {
    for statement in [
        "UPDATE person SET disabled = TRUE WHERE username = 'alice'",
        "UPDATE person SET locked = TRUE WHERE username = 'alice'",
        "DELETE FROM person WHERE username = 'alice'",
    ] {
        let (op, app) = Op::with_app().await;
        let implicit = op.app(Registration::web().response_types(&["id_token token"])).await;
        let browser = op.browser();
        let front = browser.authorize(&implicit).log_in("alice").consent().await.answer();
        let tokens = offline(&browser, &app).await;
        let of_bob =
            app.redeem(&op.browser().authorize(&app).through("bob").await.code()).await.tokens();

        op.execute(statement).await;
        // `attributes_fresh_for`
        op.time.pass_seconds(60);
        assert_eq!(
            app.userinfo(&tokens.access_token).await.error(),
            "invalid_token",
            "{statement}"
        );
        assert_eq!(
            app.refresh(tokens.refresh_token()).await.error(),
            "invalid_grant",
            "{statement}"
        );
        assert_eq!(implicit.userinfo(front.access_token()).await.error(), "invalid_token");
        assert!(!is_signed_in(&browser, &app).await, "{statement}");
        app.userinfo(&of_bob.access_token).await.success();
    }
}
