//! The profile RP-Initiated OP.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::{App, Arrival, Browser, Op, Page, Registration, Setup};

/// Someone who is signed in, and the ID Token that says so.
async fn signed_in() -> (Op, App, Browser, String) {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let code = browser.authorize(&app).log_in("alice").consent().await.code();
    let id_token = app.redeem(&code).await.tokens().raw_id_token.expect("an ID Token");
    (op, app, browser, id_token)
}

async fn is_signed_in(app: &App, browser: &Browser) -> bool {
    let arrival = browser.authorize(app.request().prompt("none")).await;
    let answer = arrival.answer();
    assert!(answer.get("error").is_none_or(|error| error == "login_required"));
    answer.get("error").is_none()
}

fn says_signed_out(page: &Page) -> bool {
    page.status == 200 && page.text().to_lowercase().contains("signed out")
}

/// Nobody was sent anywhere, and nobody was signed out unasked.
async fn stays(arrival: &Arrival, app: &App, browser: &Browser) {
    assert!(!arrival.has_left(), "{}", browser.history());
    assert!(
        arrival.page().asks_for_logout() || arrival.page().status == 400,
        "{}",
        browser.history()
    );
    assert!(is_signed_in(app, browser).await);
}

/// `oidcc-rp-initiated-logout-discovery-endpoint-verification`
#[tokio::test]
async fn discovery_names_the_end_session_endpoint() {
    let op = Op::start().await;
    assert_eq!(
        op.discovery().await["end_session_endpoint"],
        format!("{}/oauth2/logout", op.issuer())
    );
}

/// `oidcc-rp-initiated-logout`
#[tokio::test]
async fn signing_out_returns_to_the_application_with_its_state() {
    let (_op, app, browser, id_token) = signed_in().await;
    let state = "s".repeat(128);
    let url = app.logout_url(&[
        ("id_token_hint", &id_token),
        ("post_logout_redirect_uri", app.post_logout_redirect_uri()),
        ("state", &state),
    ]);
    let arrival = browser.visit(&url).await;
    assert_eq!(
        arrival.away().as_str(),
        format!("{}?state={state}", app.post_logout_redirect_uri())
    );
    assert!(!is_signed_in(&app, &browser).await);
}

/// `oidcc-rp-initiated-logout-no-state`
#[tokio::test]
async fn without_a_state_none_comes_back() {
    let (_op, app, browser, id_token) = signed_in().await;
    let url = app.logout_url(&[
        ("id_token_hint", &id_token),
        ("post_logout_redirect_uri", app.post_logout_redirect_uri()),
    ]);
    assert_eq!(browser.visit(&url).await.away().as_str(), app.post_logout_redirect_uri());
    assert!(!is_signed_in(&app, &browser).await);
}

/// `oidcc-rp-initiated-logout-bad-post-logout-redirect-uri`
#[tokio::test]
async fn nobody_is_sent_to_an_unregistered_uri() {
    let (_op, app, browser, id_token) = signed_in().await;
    let url = app.logout_url(&[
        ("id_token_hint", &id_token),
        ("post_logout_redirect_uri", "https://elsewhere.example.test/"),
        ("state", "s"),
    ]);
    stays(&browser.visit(&url).await, &app, &browser).await;
}

/// `oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri`
#[tokio::test]
async fn a_query_makes_another_uri_of_it() {
    let (_op, app, browser, id_token) = signed_in().await;
    let longer = format!("{}?foo=bar", app.post_logout_redirect_uri());
    let url =
        app.logout_url(&[("id_token_hint", &id_token), ("post_logout_redirect_uri", &longer)]);
    stays(&browser.visit(&url).await, &app, &browser).await;
}

/// `oidcc-rp-initiated-logout-modified-id-token-hint`
#[tokio::test]
async fn a_hint_without_signature_proves_nothing() {
    let (_op, app, browser, id_token) = signed_in().await;
    let payload = id_token.split('.').nth(1).unwrap();
    let hint = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
    let url = app.logout_url(&[
        ("id_token_hint", &hint),
        ("post_logout_redirect_uri", app.post_logout_redirect_uri()),
    ]);
    stays(&browser.visit(&url).await, &app, &browser).await;
}

/// `oidcc-rp-initiated-logout-bad-id-token-hint`
#[tokio::test]
async fn a_hint_that_somebody_else_signed_proves_nothing() {
    let (_op, app, browser, id_token) = signed_in().await;
    // The same words under the signature of another provider.
    let other = Op::set_up(Setup::default().own_keys()).await;
    let theirs = other.app(Registration::web()).await;
    let code = other.browser().authorize(&theirs).through("alice").await.code();
    let foreign = theirs.redeem(&code).await.tokens().raw_id_token.expect("an ID Token");
    let (words, _) = id_token.rsplit_once('.').unwrap();
    let (_, signature) = foreign.rsplit_once('.').unwrap();
    let url = app.logout_url(&[
        ("id_token_hint", &format!("{words}.{signature}")),
        ("post_logout_redirect_uri", app.post_logout_redirect_uri()),
    ]);
    stays(&browser.visit(&url).await, &app, &browser).await;
}

/// `oidcc-rp-initiated-logout-no-id-token-hint`
#[tokio::test]
async fn without_a_hint_nobody_is_sent_away_unasked() {
    let (_op, app, browser, _) = signed_in().await;
    let url = app.logout_url(&[
        ("post_logout_redirect_uri", app.post_logout_redirect_uri()),
        ("state", "s"),
    ]);
    stays(&browser.visit(&url).await, &app, &browser).await;
}

/// `oidcc-rp-initiated-logout-no-params`
#[tokio::test]
async fn without_any_parameter_people_are_asked_and_then_signed_out() {
    let (_op, app, browser, _) = signed_in().await;
    let asked = browser.visit(&app.logout_url(&[])).await;
    assert!(asked.page().asks_for_logout());
    let arrival = asked.press("#logout-confirm").await;
    assert!(says_signed_out(arrival.page()), "{}", browser.history());
    assert!(!is_signed_in(&app, &browser).await);
}

/// `oidcc-rp-initiated-logout-no-post-logout-redirect-uri`
#[tokio::test]
async fn with_a_hint_alone_people_are_signed_out_and_see_so() {
    let (_op, app, browser, id_token) = signed_in().await;
    let arrival =
        browser.visit(&app.logout_url(&[("id_token_hint", &id_token), ("state", "s")])).await;
    assert!(says_signed_out(arrival.page()), "{}", browser.history());
    assert!(!is_signed_in(&app, &browser).await);
}

/// `oidcc-rp-initiated-logout-only-state`
#[tokio::test]
async fn with_a_state_alone_people_are_asked_and_then_signed_out() {
    let (_op, app, browser, _) = signed_in().await;
    let arrival = browser.visit(&app.logout_url(&[("state", "s")])).confirm().await;
    assert!(says_signed_out(arrival.page()), "{}", browser.history());
    assert!(!is_signed_in(&app, &browser).await);
}
