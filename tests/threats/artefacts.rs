//! Whatever we hand out is good at one place, for one purpose, as it was (CO4, TK5).

use serde_json::json;

use super::{cookie, is_signed_in, offline};
use crate::support::{App, Arrival, Browser, Op, Registration};

const TOKEN: &str = "/oauth2/token";

/// One of each, all alive, and where they belong.
struct Artefacts {
    op: Op,
    app: App,
    browser: Browser,
    all: Vec<(&'static str, String)>,
    login: Arrival,
    consent: Arrival,
    choice: Arrival,
    logout: Arrival,
}

fn hidden(arrival: &Arrival, name: &str) -> String {
    let selector = format!("input[type=hidden][name={name}]");
    arrival.page().attribute(&selector, "value").unwrap_or_else(|| panic!("no {name}"))
}

impl Artefacts {
    async fn gather() -> Self {
        let op = Op::start().await;
        let app = op.app(Registration::web()).await;
        let opaque = op.app(Registration::web().with("access_token_format", json!("opaque"))).await;
        let implicit = op.app(Registration::web().response_types(&["code id_token token"])).await;
        let browser = op.browser();
        let tokens = offline(&browser, &app).await;
        let code = browser.authorize(&app).await.code();
        let of_opaque = offline(&browser, &opaque).await;
        let front = browser.authorize(&implicit).consent().await.answer();
        let login = browser.authorize(app.request().prompt("login")).await;
        let consent = browser.authorize(app.request().prompt("consent")).await;
        let choice = browser.authorize(app.request().prompt("select_account")).await;
        let logout = browser.visit("/logout").await;
        let all = vec![
            ("code", code.value.clone()),
            ("refresh token", tokens.refresh_token().to_owned()),
            ("access token", tokens.access_token.clone()),
            ("opaque access token", of_opaque.access_token.clone()),
            ("front-channel access token", front.access_token().to_owned()),
            ("id token", tokens.raw_id_token.clone().unwrap()),
            ("front-channel id token", front.raw_id_token().to_owned()),
            ("pending", hidden(&consent, "pending")),
            ("consent shown", hidden(&consent, "shown")),
            ("choice shown", hidden(&choice, "shown")),
            ("logout shown", hidden(&logout, "shown")),
            ("browser cookie", cookie(&browser, "vestibule-browser")),
            ("session cookie", cookie(&browser, "vestibule-session")),
            ("known cookie", cookie(&browser, "vestibule-known")),
            ("client id", app.client_id().to_owned()),
            ("client secret", app.client_secret().to_owned()),
        ];
        Self { op, app, browser, all, login, consent, choice, logout }
    }

    /// All that are of another kind.
    fn but(&self, kinds: &[&str]) -> impl Iterator<Item = (&'static str, &str)> {
        let others =
            self.all.iter().filter(|(kind, _)| !kinds.iter().any(|known| kind.contains(known)));
        others.map(|(kind, value)| (*kind, value.as_str()))
    }

    fn get(&self, kind: &str) -> &str {
        &self.all.iter().find(|(known, _)| *known == kind).unwrap().1
    }

    /// Presses a button after a hidden field was replaced.
    async fn press(&self, at: &Arrival, button: &str, field: &str, value: &str) -> Arrival {
        let form = at.page().press(button).fill(field, value);
        self.browser.send(at.page(), form).await
    }
}

// CO4
#[tokio::test]
async fn nothing_else_is_a_code_or_a_token() {
    let all = Artefacts::gather().await;
    let app = &all.app;
    for (kind, value) in all.but(&["code"]) {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", value),
            ("redirect_uri", app.redirect_uri()),
        ];
        assert_eq!(app.token(&form).await.error(), "invalid_grant", "{kind} as code");
    }
    for (kind, value) in all.but(&["refresh token"]) {
        assert_eq!(app.refresh(value).await.error(), "invalid_grant", "{kind} as refresh token");
    }
    for (kind, value) in all.but(&["access token"]) {
        for reply in [
            app.userinfo(value).await,
            app.userinfo_by_post(value).await,
            app.userinfo_in_body(value).await,
        ] {
            assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"), "{kind}");
        }
    }
    for (kind, value) in all.but(&["access token", "refresh token"]) {
        assert_eq!(app.revoke(value).await.status, 200, "{kind}");
    }
    for (kind, value) in all.but(&["client secret"]) {
        let basic = crate::support::basic(app.client_id(), value);
        let request = all.op.http().post(all.op.url(TOKEN)).header("authorization", basic);
        let request = request.form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]);
        assert_eq!(request.send().await.unwrap().status(), 401, "{kind} as client secret");
    }
    app.userinfo(all.get("access token")).await.success();
    app.refresh(all.get("refresh token")).await.tokens();
}

// CO4
#[tokio::test]
async fn nothing_else_is_what_a_page_has_sealed() {
    let all = Artefacts::gather().await;
    let app = &all.app;
    for (kind, value) in all.but(&["pending"]) {
        for (page, button) in [
            (&all.login, "#login-submit"),
            (&all.login, "#login-cancel"),
            (&all.consent, "#consent-allow"),
            (&all.consent, "#consent-deny"),
        ] {
            super::stays(&all.press(page, button, "pending", value).await);
        }
        for path in ["/oauth2/authorize", "/login", "/consent", "/choice"] {
            super::stays(&all.browser.visit(&format!("{path}?pending={value}")).await);
        }
        assert!(is_signed_in(&all.browser, app).await, "{kind}");
    }
    for (kind, value) in all.but(&["consent shown"]) {
        let arrival = all.press(&all.consent, "#consent-allow", "shown", value).await;
        assert!(arrival.page().asks_for_consent(), "{kind} as what was consented to");
        let arrival = all.press(&all.consent, "#consent-deny", "shown", value).await;
        assert!(arrival.page().asks_for_consent(), "{kind} as what was denied");
    }
    for (kind, value) in all.but(&["choice shown"]) {
        let arrival = all.press(&all.choice, "form button[value=continue]", "shown", value).await;
        assert!(arrival.page().has("form button[value=continue]"), "{kind} as choice");
    }
    for (kind, value) in all.but(&["logout shown"]) {
        all.press(&all.logout, "#logout-confirm", "shown", value).await;
        assert!(is_signed_in(&all.browser, app).await, "{kind} signs out");
    }
}

// CO4
#[tokio::test]
async fn nothing_else_is_a_hint() {
    let all = Artefacts::gather().await;
    let app = &all.app;
    for (kind, value) in all.but(&["id token"]) {
        let request = app.request().prompt("none").with("id_token_hint", value);
        assert_eq!(all.browser.authorize(request).await.error(), "invalid_request", "{kind}");
        let url = app.logout_url(&[("id_token_hint", value)]);
        let arrival = all.browser.visit(&url).await;
        assert!(arrival.page().asks_for_logout(), "{kind}: nobody is signed out unasked");
    }
    assert!(is_signed_in(&all.browser, app).await);
}

// CO4, SS4
#[tokio::test]
async fn nothing_else_is_a_session() {
    let all = Artefacts::gather().await;
    let request = all.app.request().prompt("none").url();
    let error = async |cookie: String| {
        let request = all.op.http().get(request.clone()).header("cookie", cookie);
        let response = request.send().await.unwrap();
        response.headers()["location"].to_str().unwrap().contains("error=login_required")
    };
    for (kind, value) in all.but(&["session cookie"]) {
        assert!(error(format!("vestibule-session={value}")).await, "{kind} as session");
    }
    let session = all.get("session cookie");
    for name in ["vestibule-browser", "vestibule-known", "__Host-vestibule-session", "session"] {
        assert!(error(format!("{name}={session}")).await, "{name}");
    }
    assert!(error(format!("vestibule-session=x; vestibule-session={session}")).await, "which?");
    assert!(error(format!("vestibule-session={session}; vestibule-session=x")).await, "which?");
    assert!(!error(format!("vestibule-session={session}")).await);
    // What a browser is known by is worth nothing if it is something else.
    for (kind, value) in all.but(&["known cookie"]) {
        let cookies =
            format!("vestibule-browser={}; vestibule-known={value}", all.get("browser cookie"));
        let form = [("pending", all.get("pending")), ("username", "alice"), ("password", "wrong")];
        let request = all.op.http().post(all.op.url("/login")).header("cookie", cookies);
        let status = request.form(&form).send().await.unwrap().status();
        assert!(matches!(status.as_u16(), 403 | 429), "{kind}: {status}");
    }
}

/// The text with one character changed, or cut off, here and there; at its ends in every way.
fn spoilt(text: &str) -> Vec<String> {
    let places = (0..text.len()).filter(|at| at % 13 == 0 || *at < 4 || at + 4 > text.len());
    let mut all: Vec<String> = places
        .clone()
        .flat_map(|at| {
            let (before, rest) = text.split_at(at);
            let (old, after) = rest.split_at(1);
            let others = ["A", "B", "_", "g"].into_iter().filter(move |new| *new != old);
            others.map(move |new| format!("{before}{new}{after}"))
        })
        .collect();
    all.extend(places.map(|at| text[..at].to_owned()));
    all.extend(["A", "=", "==", ".", "~"].map(|more| format!("{text}{more}")));
    all.extend([format!("{text}{text}"), format!("A{text}")]);
    all
}

// TK5
#[tokio::test]
async fn a_changed_code_is_no_code() {
    let (op, app) = Op::with_app().await;
    let code = op.browser().authorize(&app).log_in("alice").consent().await.code();
    for value in spoilt(&code.value) {
        let refused =
            app.redeem(&crate::support::Code { value: value.clone(), ..code.clone() }).await;
        let expected = if value.is_empty() { "invalid_request" } else { "invalid_grant" };
        assert_eq!(refused.error(), expected, "{value}");
    }
    app.redeem(&code).await.tokens();
}

// TK5
#[tokio::test]
async fn a_changed_token_is_no_token() {
    let op = Op::start().await;
    for format in ["opaque", "jwt"] {
        let app = op.app(Registration::web().with("access_token_format", json!(format))).await;
        let tokens = offline(&op.browser(), &app).await;
        for value in spoilt(&tokens.access_token) {
            let reply = app.userinfo_in_body(&value).await;
            assert_eq!(reply.status, 401, "{value}");
        }
        for value in spoilt(tokens.refresh_token()).iter().filter(|value| !value.is_empty()) {
            assert_eq!(app.refresh(value).await.error(), "invalid_grant", "{value}");
        }
        app.userinfo(&tokens.access_token).await.success();
        app.refresh(tokens.refresh_token()).await.tokens();
    }
}

// TK5
#[tokio::test]
async fn a_changed_pending_request_is_none() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let login = browser.authorize(&app).await;
    let pending = hidden(&login, "pending");
    for value in spoilt(&pending) {
        let form = login.page().press("#login-submit").fill("username", "alice");
        let form =
            form.fill("password", &crate::support::password_of("alice")).fill("pending", &value);
        super::stays(&browser.send(login.page(), form).await);
    }
    login.log_in("alice").consent().await.code();
}
