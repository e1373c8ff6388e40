//! What the operator reads: no secrets, and no lines of somebody else's making (LG1).

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing_subscriber::layer::SubscriberExt;
use vestibule::log::{self, Form};

use super::hosts::exchange;
use super::{cookie, offline, stays};
use crate::support::{Arrival, Op, Page, Registration, password_of};

/// All that is logged by this thread, where a story and its provider run.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn listen() -> (Self, DefaultGuard) {
        // While there is one dispatcher alone, tracing asks the thread that comes to a span first, which may be that of
        // a story that does not listen, and then nobody ever hears of this span.
        static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
        LazyLock::force(&SECOND);
        let lines = Self::default();
        let writer = lines.clone();
        let layer = log::layer(Form::Json, "trace", move || writer.clone()).unwrap();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        (lines, guard)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The reference that an error page shows.
fn shown(page: &Page) -> String {
    let text = page.text();
    let (_, after) = text.split_once("Reference ").unwrap_or_else(|| panic!("none in {text}"));
    after.split(' ').next().unwrap().to_owned()
}

/// The reference that an application is told.
fn told(arrival: &Arrival) -> String {
    let answer = arrival.answer();
    let description = answer.get("error_description").unwrap();
    let (_, after) = description.rsplit_once(" [").unwrap_or_else(|| panic!("{description}"));
    after.strip_suffix(']').unwrap().to_owned()
}

// LG1
#[tokio::test]
async fn the_log_knows_every_reference_that_is_shown_or_told() {
    let (lines, _guard) = Lines::listen();
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    browser.authorize(&app).log_in("alice").consent().await.code();
    let unknown = browser.authorize(app.request().with("client_id", "nobody")).await;
    let anonymous = op.browser().authorize(app.request().prompt("none")).await;
    assert_eq!(anonymous.error(), "login_required");
    op.execute("ALTER TABLE session RENAME TO hidden").await;
    let fault = browser.visit("/logout").await;
    let failed = browser.authorize(&app).await;
    assert_eq!(failed.error(), "server_error");
    op.execute("ALTER TABLE hidden RENAME TO session").await;

    let log = lines.text();
    let events = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = events.collect();
    for (reference, message, status) in [
        (shown(stays(&unknown)), "authorization request refused", 400),
        (told(&anonymous), "authorization refused", 303),
        (shown(fault.error_page(500)), "fault", 500),
        (told(&failed), "fault", 303),
    ] {
        let why = events.iter().find(|event| event["reference"] == reference);
        let why = why.unwrap_or_else(|| panic!("{reference} is not in\n{log}"));
        assert_eq!(why["message"], message);
        let request = |event: &&Value| event["request"] == reference;
        let answered = events.iter().filter(request).find(|event| event["message"] == "answered");
        let answered = answered.unwrap_or_else(|| panic!("{reference} is not answered in\n{log}"));
        assert_eq!(answered["status"], status, "{answered}");
    }
}

// LG1
#[tokio::test]
async fn no_secret_is_ever_logged() {
    let (lines, _guard) = Lines::listen();
    let (op, app) = Op::with_app().await;
    let implicit = op.app(Registration::web().response_types(&["code id_token token"])).await;
    let browser = op.browser();
    let mistyped = "a password of another site";
    let login =
        browser.authorize(app.request().scope("openid offline_access").prompt("consent")).await;
    let pending = login.page().attribute("input[name=pending]", "value").unwrap();
    let in_the_wrong_field = "my dog is called Waldo";
    op.browser().authorize(&app).log_in_with(in_the_wrong_field, "alice").await;
    op.browser().authorize(&app).log_in_with("alice", mistyped).await;
    let code = login.log_in("alice").consent().await.code();
    let tokens = app.redeem(&code).await.tokens();
    let second = app.refresh(tokens.refresh_token()).await.tokens();
    app.userinfo(&second.access_token).await.success();
    let front = browser.authorize(&implicit).consent().await.answer();
    let session = cookie(&browser, "vestibule-session");
    let (browser_id, known) =
        (cookie(&browser, "vestibule-browser"), cookie(&browser, "vestibule-known"));

    // What goes wrong is what logs like to quote.
    assert_eq!(app.redeem(&code).await.error(), "invalid_grant");
    assert_eq!(app.userinfo(&second.access_token).await.status, 401);
    let lost = offline(&browser, &app).await;
    op.time.pass_seconds(60);
    app.refresh(lost.refresh_token()).await.tokens();
    op.time.pass_seconds(60);
    app.refresh(lost.refresh_token()).await.error();
    app.authenticating_by("client_secret_post").refresh(tokens.refresh_token()).await.error();
    app.revoke(lost.refresh_token()).await;
    op.execute("ALTER TABLE revocation RENAME TO hidden").await;
    assert!(app.revoke(&tokens.access_token).await.status >= 500);
    assert!(app.userinfo(front.access_token()).await.status >= 500);
    op.execute("ALTER TABLE hidden RENAME TO revocation").await;
    let hint = tokens.raw_id_token.clone().unwrap();
    browser.visit(&app.logout_url(&[("id_token_hint", &hint)])).await;

    let log = lines.text();
    let right = password_of("alice");
    let verifier = code.verifier.clone().unwrap();
    for (what, secret) in [
        ("code", code.value.as_str()),
        ("front-channel code", front.get("code").unwrap()),
        ("verifier", &verifier),
        ("access token", &tokens.access_token),
        ("second access token", &second.access_token),
        ("front-channel access token", front.access_token()),
        ("refresh token", tokens.refresh_token()),
        ("second refresh token", second.refresh_token()),
        ("lost refresh token", lost.refresh_token()),
        ("id token", &hint),
        ("front-channel id token", front.raw_id_token()),
        ("password", &right),
        ("mistyped password", mistyped),
        ("password in the wrong field", in_the_wrong_field),
        ("client secret", app.client_secret()),
        ("session cookie", &session),
        ("browser cookie", &browser_id),
        ("known cookie", &known),
        ("pending", &pending),
    ] {
        // The signature of a token says as much as the token.
        let end = secret.rsplit('.').next().unwrap();
        assert!(!log.contains(end), "{what} is logged");
        assert!(
            !log.contains(secret.get(..20).unwrap_or(secret)) || secret.contains('.'),
            "{what} is logged in part"
        );
    }
    // It did hear everything.
    for word in
        ["logged in", "authorization granted", "replay", "\"fault\"", "answered", app.client_id()]
    {
        assert!(log.contains(word), "{word} is missing in\n{log}");
    }
}

// LG1
#[tokio::test]
async fn no_request_writes_a_line_of_its_own() {
    let (lines, _guard) = Lines::listen();
    let (op, app) = Op::with_app().await;
    let forged =
        "\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\n\u{1b}[2K\u{202e}\u{2028}\u{85}\u{9b}";
    op.person("mallory", &[("name", forged)]).await;
    op.browser().authorize(&app).log_in("mallory").consent().await.code();
    op.browser().authorize(&app).log_in_with(forged, forged).await;
    for name in [
        "state",
        "scope",
        "nonce",
        "prompt",
        "response_type",
        "client_id",
        "redirect_uri",
        "claims",
        "login_hint",
        "id_token_hint",
    ] {
        op.browser().authorize(app.request().with(name, forged)).await;
        op.browser().authorize(app.request().with(name, forged).by_post()).await;
        app.token(&[("grant_type", forged), (name, forged)]).await;
    }
    op.browser()
        .authorize(
            (0..90).fold(app.request(), |request, at| request.also(&format!("{forged}{at}"), "x")),
        )
        .await;
    for head in [
        "GET /%0d%0a%1b%5b2K%e2%80%ae HTTP/1.1\r\nHost: a\r\n",
        "GET /\u{202e}\u{2028}\u{85} HTTP/1.1\r\nHost: a\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: forged-\u{202e}\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: forged-request-id\r\nX-Forwarded-For: forged\r\n",
        "GET / HTTP/1.1\r\nHost: \u{202e}\r\nUser-Agent: \u{1b}[2K\r\n",
    ] {
        exchange(&op, format!("{head}Connection: close\r\n\r\n").as_bytes()).await;
    }
    let log = lines.text();
    assert!(log.lines().count() > 50);
    for line in log.lines() {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_ne!(event["message"], "forged");
        assert_ne!(event["request"], "forged-request-id");
        let wild = |c: &char| {
            c.is_control()
                || ('\u{2028}'..='\u{202e}').contains(c)
                || ('\u{2066}'..='\u{2069}').contains(c)
        };
        assert_eq!(line.chars().find(wild), None, "{line}");
    }
}
