//! The main ways through the provider, on each of the three databases.

use serde_json::json;

use crate::support::{Database, Op, Registration, Setup, on_every_database};

on_every_database! {
    async fn a_code_becomes_tokens_that_work(op: Op) {
        let app = op.app(Registration::spa()).await;
        let request = app.request().scope("openid email");
        let code = op.browser().authorize(request).log_in("alice").consent().await.code();
        let tokens = app.redeem(&code).await.tokens();

        assert_eq!(tokens.expires_in, 3600);
        assert!(tokens.scope.as_deref().is_none_or(|scope| scope == "email openid"));

        let id_token = tokens.id_token().await;
        let userinfo = app.userinfo(&tokens.access_token).await.success();
        assert_eq!(userinfo["sub"], id_token["sub"]);
        assert_eq!(userinfo["email"], "alice@example.test");
    }

    async fn tokens_come_through_the_fragment(op: Op) {
        let app = op.app(Registration::spa().response_types(&["id_token token"])).await;
        let request = app.request().scope("openid email");
        let answer = op.browser().authorize(request).log_in("alice").consent().await.answer();

        let id_token = answer.id_token().await;
        let userinfo = app.userinfo(answer.access_token()).await.success();
        assert_eq!(userinfo["sub"], id_token["sub"]);
        assert!(answer.get("scope").is_none(), "what was asked for was granted");
    }

    async fn a_consent_is_remembered_and_a_denial_is_not(op: Op) {
        let app = op.app(Registration::web()).await;
        let browser = op.browser();
        assert_eq!(browser.authorize(&app).log_in("alice").deny().await.error(), "access_denied");
        browser.authorize(&app).consent().await.code();
        browser.authorize(&app).await.code();
        let more = browser.authorize(app.request().scope("openid email")).await;
        assert!(more.page().asks_for_consent());
    }

    async fn a_refresh_token_is_replaced_by_its_use(op: Op) {
        let app = op.app(Registration::web()).await;
        let request = app.request().scope("openid offline_access").prompt("consent");
        let code = op.browser().authorize(request).log_in("alice").consent().await.code();
        let first = app.redeem(&code).await.tokens();
        let second = app.refresh(first.refresh_token()).await.tokens();
        let third = app.refresh(second.refresh_token()).await.tokens();
        assert_ne!(third.refresh_token(), first.refresh_token());

        // Whoever still shows the first one has stolen it, or lost it to a thief: all end.
        op.time.pass_seconds(60);
        assert_eq!(app.refresh(first.refresh_token()).await.error(), "invalid_grant");
        assert_eq!(app.refresh(third.refresh_token()).await.error(), "invalid_grant");
        assert_eq!(app.userinfo(&third.access_token).await.status, 401);
    }

    async fn signing_out_ends_the_session_and_its_tokens(op: Op) {
        let app = op.app(Registration::web()).await;
        let browser = op.browser();
        let code = browser.authorize(&app).log_in("alice").consent().await.code();
        let tokens = app.redeem(&code).await.tokens();
        app.userinfo(&tokens.access_token).await.success();

        browser.visit("/logout").confirm().await;
        let silently = app.request().prompt("none");
        assert_eq!(browser.authorize(silently).await.error(), "login_required");
        assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
    }

    async fn a_revoked_token_is_dead(op: Op) {
        let app = op.app(Registration::web()).await;
        let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
        let tokens = app.redeem(&code).await.tokens();
        assert_eq!(app.revoke(&tokens.access_token).await.status, 200);
        assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
    }

    async fn a_wrong_password_signs_nobody_in(op: Op) {
        let app = op.app(Registration::web()).await;
        let browser = op.browser();
        let refused = browser.authorize(&app).log_in_with("alice", "not alice's password").await;
        assert!(refused.page().asks_for_login());
        assert!(refused.page().text().contains("Wrong name or password"));
        refused.log_in("alice").consent().await.code();
    }
}

#[tokio::test]
async fn cookies_are_for_the_browser_alone() {
    let op = Op::set_up(Setup::default().tls()).await;
    let app = op.app(Registration::web()).await;
    let browser = op.browser();
    let code = browser.authorize(&app).log_in("alice").consent().await.code();
    let tokens = app.redeem(&code).await.tokens();
    assert!(!browser.cookies().is_empty());
    for (name, cookie) in browser.cookies() {
        assert!(name.starts_with("__Host-") && cookie.http_only, "{name}: {cookie:?}");
        assert!(
            !tokens.access_token.contains(&cookie.value) && code.value != cookie.value,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused() {
    let (op, app) = Op::with_app().await;
    for name in ["client_id", "redirect_uri"] {
        let twice = app.request().get(name).unwrap().to_owned();
        let arrival = op.browser().authorize(app.request().also(name, &twice)).await;
        assert!(arrival.error_page(400).text().contains(name));
    }
    for name in ["scope", "nonce", "response_type", "code_challenge", "prompt"] {
        let request = app.request().with(name, "login").also(name, "login");
        assert_eq!(op.browser().authorize(request).await.error(), "invalid_request", "{name}");
    }
}

#[tokio::test]
async fn what_nobody_knows_of_a_person_is_left_out() {
    let (op, app) = Op::with_app().await;
    op.person("carol", &[("email", "carol@example.test")]).await;
    let request = app.request().scope("openid profile email address phone");
    let code = op.browser().authorize(request).log_in("carol").consent().await.code();
    let tokens = app.redeem(&code).await.tokens();
    let userinfo = app.userinfo(&tokens.access_token).await.success();
    assert_eq!(userinfo["email"], "carol@example.test");
    for name in ["name", "email_verified", "address", "phone_number"] {
        assert!(userinfo.get(name).is_none(), "{name} in {userinfo}");
    }
}

#[tokio::test]
async fn a_claim_asked_for_in_the_id_token_comes_there_alone() {
    let (op, app) = Op::with_app().await;
    let claims = r#"{"id_token": {"nickname": null}}"#;
    let request = app.request().scope("openid email").with("claims", claims);
    let code = op.browser().authorize(request).through("alice").await.code();
    let id_token = app.redeem(&code).await.tokens().id_token().await;
    assert_eq!(id_token["nickname"], "Ally");
    assert!(id_token.get("email").is_none(), "the scope's claims are for userinfo");
}

#[tokio::test]
async fn a_client_is_told_no_more_than_it_is_registered_for_today() {
    let op = Op::start().await;
    let app = op.app(Registration::web().with("scope", json!("openid email phone"))).await;
    let claims = r#"{"id_token": {"phone_number": null, "nickname": null}, "userinfo": {"phone_number": null, "nickname": null}}"#;
    let request = app.request().scope("openid email").with("claims", claims);
    let code = op.browser().authorize(request).through("alice").await.code();
    let first = app.redeem(&code).await.tokens();
    let userinfo = app.userinfo(&first.access_token).await.success();
    let id_token = first.id_token().await;
    assert!(userinfo.get("email").is_some() && userinfo.get("phone_number").is_some());
    assert!(id_token.get("phone_number").is_some());
    assert!(userinfo.get("nickname").is_none() && id_token.get("nickname").is_none());

    let narrowed =
        "UPDATE client SET metadata = REPLACE(metadata, '\"email openid phone\"', '\"openid\"')";
    op.execute(narrowed).await;
    let second = app.refresh(first.refresh_token()).await.tokens();
    assert!(second.id_token().await.get("phone_number").is_none());
    for tokens in [first, second] {
        let userinfo = app.userinfo(&tokens.access_token).await.success();
        assert_eq!(userinfo.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    }
}
