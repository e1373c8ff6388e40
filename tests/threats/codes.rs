//! Codes: who may redeem them, how often, and until when.

use serde_json::json;

use super::at_once;
use crate::support::{App, Browser, Code, Database, Op, Registration, on_every_database};

/// What one application may try with a code of its own, or of another's.
async fn is_refused(app: &App, code: &Code) {
    let reply = app.redeem(code).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_grant"));
}

// PK1
#[tokio::test]
async fn a_challenge_without_a_verifier_redeems_nothing() {
    let op = Op::start().await;
    for registration in [Registration::spa(), Registration::web()] {
        let app = op.app(registration).await;
        let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
        is_refused(&app, &Code { verifier: None, ..code.clone() }).await;
        is_refused(&app, &Code { verifier: Some(String::new()), ..code.clone() }).await;
        app.redeem(&code).await.tokens();
    }
}

// PK2
#[tokio::test]
async fn a_verifier_without_a_challenge_redeems_nothing() {
    let (op, app) = Op::with_app().await;
    let request = app.request().without_pkce();
    let code = op.browser().authorize(request).log_in("alice").consent().await.code();
    is_refused(&app, &Code { verifier: Some("v".repeat(43)), ..code.clone() }).await;
    app.redeem(&code).await.tokens();
}

// PK2
#[tokio::test]
async fn pkce_can_be_demanded_of_one_application_and_of_all() {
    let refused = async |op: &Op, app: &App| {
        for request in [
            app.request().without_pkce(),
            app.request().with("code_challenge_method", "plain"),
            app.request().without("code_challenge_method"),
            app.request().without("code_challenge"),
        ] {
            assert_eq!(op.browser().authorize(request).await.error(), "invalid_request");
        }
        op.browser().authorize(app).log_in("alice").consent().await.code();
    };
    let op = Op::start().await;
    refused(&op, &op.app(Registration::web().with("require_pkce", json!(true))).await).await;
    refused(&op, &op.app(Registration::spa()).await).await;
    let strict = Op::with_config("[authorization]\nrequire_pkce = true").await;
    refused(&strict, &strict.app(Registration::web()).await).await;
}

// PK3
#[tokio::test]
async fn a_public_client_that_shows_a_secret_is_refused() {
    let op = Op::start().await;
    let app = op.app(Registration::spa()).await;
    let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
    let verifier = code.verifier.clone().unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.value.as_str()),
        ("redirect_uri", app.redirect_uri()),
        ("code_verifier", &verifier),
    ];
    for secret in ["any", " ", app.client_id()] {
        let posted = [&form[..], &[("client_secret", secret)]].concat();
        assert_eq!(app.token(&posted).await.error(), "invalid_client");
    }
    for secret in ["", "any"] {
        let basic = crate::support::basic(app.client_id(), secret);
        let request = op.http().post(op.url("/oauth2/token")).header("authorization", basic);
        assert_eq!(request.form(&form).send().await.unwrap().status(), 401);
    }
    app.redeem(&code).await.tokens();
}

on_every_database! {
    // CO1
    async fn of_fifty_who_redeem_a_code_one_does_and_loses_all_again(op: Op) {
        let app = op.app(Registration::web()).await;
        let request = app.request().scope("openid offline_access").prompt("consent");
        let code = op.browser().authorize(request).log_in("alice").consent().await.code();
        let replies = at_once(50, || {
            let (app, code) = (app.clone(), code.clone());
            async move { app.redeem(&code).await }
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|reply| reply.error() == "invalid_grant"));

        // Forty-nine replays were seen: whoever was first may be the thief.
        let tokens = won[0].tokens();
        assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
        assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant");
    }
}

// CO1
#[tokio::test]
async fn a_redeemed_code_is_remembered_as_long_as_it_could_be_redeemed() {
    let op = Op::with_config("[lifetimes]\naccess_token = '2s'\ncode = '60s'").await;
    // With a refresh token it would be remembered for ninety days anyway.
    let registration = Registration::web().with("grant_types", json!(["authorization_code"]));
    let app = op.app(registration).await;
    let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
    app.redeem(&code).await.tokens();
    op.time.pass_seconds(59);
    vestibule::storage::sweep(op.storage(), op.now()).await.unwrap();
    is_refused(&app, &code).await;
}

// CO2
#[tokio::test]
async fn a_code_is_bound_to_all_that_it_was_asked_with() {
    let op = Op::start().await;
    let uris = json!(["https://web.example.test/callback", "https://web.example.test/other"]);
    let app = op.app(Registration::web().with("redirect_uris", uris.clone())).await;
    let other = op.app(Registration::web().with("redirect_uris", uris)).await;
    let public = op.app(Registration::spa()).await;
    let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
    let uri = |uri: &str| Code { redirect_uri: Some(uri.to_owned()), ..code.clone() };
    let verifier = |verifier: String| Code { verifier: Some(verifier), ..code.clone() };

    is_refused(&other, &code).await;
    is_refused(&public, &code).await;
    is_refused(&app, &Code { redirect_uri: None, ..code.clone() }).await;
    is_refused(&app, &uri("https://web.example.test/other")).await;
    is_refused(&app, &uri("https://web.example.test/callback/")).await;
    is_refused(&app, &verifier("v".repeat(43))).await;
    is_refused(&app, &verifier(code.verifier.clone().unwrap().to_uppercase())).await;
    // None of them was the application with all that it knows, so none has spoilt anything.
    let tokens = app.redeem(&code).await.tokens();
    app.userinfo(&tokens.access_token).await.success();
    // Nor does it count as a replay what comes from somebody else.
    is_refused(&other, &code).await;
    is_refused(&app, &uri("https://web.example.test/other")).await;
    app.userinfo(&tokens.access_token).await.success();
}

// CO2
#[tokio::test]
async fn a_redirect_uri_that_was_not_sent_is_not_accepted_later() {
    let (op, app) = Op::with_app().await;
    let request = app.request().scope("profile").without("redirect_uri");
    let code = op.browser().authorize(request).log_in("alice").consent().await.code();
    assert_eq!(code.redirect_uri, None);
    let with_uri = Code { redirect_uri: Some(app.redirect_uri().to_owned()), ..code.clone() };
    is_refused(&app, &with_uri).await;
    app.redeem(&code).await.tokens();
}

/// What may happen to people, applications and sessions while somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    PersonDisabled,
    PersonLocked,
    PersonRemoved,
    AccountRemoved,
    ClientDisabled,
    ClientRemoved,
    SignedOut,
}

const EVENTS: [Event; 7] = [
    Event::PersonDisabled,
    Event::PersonLocked,
    Event::PersonRemoved,
    Event::AccountRemoved,
    Event::ClientDisabled,
    Event::ClientRemoved,
    Event::SignedOut,
];

impl Event {
    async fn happen(self, op: &Op, app: &App, browser: &Browser) {
        let client_id = app.client_id();
        match self {
            Self::PersonDisabled => {
                op.execute("UPDATE person SET disabled = TRUE WHERE username = 'alice'").await;
            }
            Self::PersonLocked => {
                op.execute("UPDATE person SET locked = TRUE WHERE username = 'alice'").await;
            }
            Self::PersonRemoved => op.execute("DELETE FROM person WHERE username = 'alice'").await,
            Self::AccountRemoved => op.execute("DELETE FROM account").await,
            Self::ClientDisabled => {
                op.execute(&format!("UPDATE client SET disabled = TRUE WHERE id = '{client_id}'"))
                    .await;
            }
            Self::ClientRemoved => {
                op.execute(&format!("DELETE FROM client WHERE id = '{client_id}'")).await;
            }
            Self::SignedOut => {
                browser.visit("/logout").confirm().await;
            }
        }
        // What was known of people is believed for a second.
        op.time.pass_seconds(2);
    }

    fn is_about_the_client(self) -> bool {
        matches!(self, Self::ClientDisabled | Self::ClientRemoved)
    }
}

const SHORT: &str = "[identity]\nattributes_fresh_for = '1s'";

// CO5
#[tokio::test]
async fn a_code_is_worth_nothing_once_its_person_client_or_session_is_gone() {
    for event in EVENTS {
        let op = Op::with_config(SHORT).await;
        let app = op.app(Registration::web()).await;
        let browser = op.browser();
        let code = browser.authorize(&app).log_in("alice").consent().await.code();
        event.happen(&op, &app, &browser).await;
        let expected = if event.is_about_the_client() { "invalid_client" } else { "invalid_grant" };
        assert_eq!(app.redeem(&code).await.error(), expected, "{event:?}");
    }
}

// CO5
#[tokio::test]
async fn no_page_leads_to_a_code_once_its_person_client_or_session_is_gone() {
    for event in EVENTS {
        let op = Op::with_config(SHORT).await;
        let app = op.app(Registration::web()).await;
        let browser = op.browser();
        let consent = browser.authorize(&app).log_in("alice").await;
        assert!(consent.page().asks_for_consent());
        event.happen(&op, &app, &browser).await;
        let after = consent.press("#consent-allow").await;
        if event.is_about_the_client() {
            after.error_page(400);
        } else {
            assert!(after.page().asks_for_login(), "{event:?}");
        }
    }
}

// CO5
#[tokio::test]
async fn a_token_is_worth_nothing_once_its_person_client_or_session_is_gone() {
    for event in EVENTS {
        let op = Op::with_config(SHORT).await;
        let app = op.app(Registration::web()).await;
        let implicit = op.app(Registration::web().response_types(&["id_token token"])).await;
        let browser = op.browser();
        let tokens = super::offline(&browser, &app).await;
        let front = browser.authorize(&implicit).consent().await.answer();
        event.happen(&op, &app, &browser).await;

        if event == Event::SignedOut {
            // It was granted for when the person is away; what came through the browser was not.
            app.refresh(tokens.refresh_token()).await.tokens();
        } else {
            assert_eq!(app.userinfo(&tokens.access_token).await.status, 401, "{event:?}");
            let refused = app.refresh(tokens.refresh_token()).await.error();
            let expected =
                if event.is_about_the_client() { "invalid_client" } else { "invalid_grant" };
            assert_eq!(refused, expected, "{event:?}");
        }
        let status = implicit.userinfo(front.access_token()).await.status;
        assert_eq!(status, if event.is_about_the_client() { 200 } else { 401 }, "{event:?}");
    }
}

const RESPONSE_TYPES: [&str; 7] = [
    "code",
    "token",
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
];

// FL1
#[tokio::test]
async fn only_registered_response_types_are_answered() {
    let op = Op::start().await;
    for registered in RESPONSE_TYPES {
        let app = op.app(Registration::web().response_types(&[registered])).await;
        for asked in RESPONSE_TYPES.into_iter().filter(|asked| *asked != registered) {
            for request in [app.request(), app.request().by_post()] {
                let arrival = op.browser().authorize(request.with("response_type", asked)).await;
                assert_eq!(arrival.error(), "unauthorized_client", "{asked} of {registered}");
            }
        }
    }
}

// FL1
#[tokio::test]
async fn only_registered_grants_are_honoured() {
    let op = Op::start().await;
    let (web, browser) = (op.app(Registration::web()).await, op.browser());
    let tokens = super::offline(&browser, &web).await;
    let code = browser.authorize(&web).await.code();

    let implicit = op.app(Registration::web().response_types(&["id_token token"])).await;
    assert_eq!(implicit.redeem(&code).await.error(), "unauthorized_client");
    assert_eq!(implicit.refresh(tokens.refresh_token()).await.error(), "unauthorized_client");

    let plain =
        op.app(Registration::web().with("grant_types", json!(["authorization_code"]))).await;
    assert_eq!(plain.refresh(tokens.refresh_token()).await.error(), "unauthorized_client");
    assert!(super::offline(&browser, &plain).await.refresh_token.is_none());
}

// FL2
#[tokio::test]
async fn an_id_token_of_the_front_channel_needs_a_nonce_and_never_travels_in_a_query() {
    let op = Op::start().await;
    for response_type in RESPONSE_TYPES.into_iter().filter(|kind| *kind != "code") {
        let app = op.app(Registration::web().response_types(&[response_type])).await;
        let without_nonce = op.browser().authorize(app.request().without("nonce")).await;
        if response_type.contains("id_token") {
            assert_eq!(without_nonce.error(), "invalid_request", "{response_type}");
        }
        let in_query = app.request().with("response_mode", "query");
        let arrival = op.browser().authorize(in_query).await;
        assert_eq!(arrival.error(), "invalid_request", "{response_type}");
        assert!(arrival.away().query().is_none(), "the error too comes in the fragment");
    }
}

// FL2: that nothing else is in the fragment, the application asserts of every answer.
#[tokio::test]
async fn no_refresh_token_comes_through_the_front_channel() {
    let op = Op::start().await;
    for response_type in RESPONSE_TYPES.into_iter().filter(|kind| kind.contains("token")) {
        let app = op.app(Registration::web().response_types(&[response_type])).await;
        let request = app.request().scope("openid offline_access").prompt("consent");
        let answer = op.browser().authorize(request).log_in("alice").consent().await.answer();
        assert!(answer.get("refresh_token").is_none(), "{response_type}");
    }
}
