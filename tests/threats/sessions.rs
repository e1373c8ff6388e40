//! Whose browser it is, whose session, and that nobody can be slipped somebody else's.

use std::collections::BTreeSet;

use super::{cookie, cookies, is_signed_in, offline, post, stays};
use crate::support::{Browser, Form, Op, Page, Registration, Setup, password_of};

/// A login form with a request that somebody has planted, filled in with the attacker's own account.
fn planted(page: &Page, pending: &str) -> Form {
    let form = page.press("#login-submit").fill("pending", pending);
    form.fill("username", "bob").fill("password", &password_of("bob"))
}

fn pending(page: &Page) -> String {
    page.attribute("input[name=pending]", "value").expect("a pending request")
}

/// The sealed request that anybody gets for a POST.
async fn unbound(op: &Op, request: &crate::support::Request) -> String {
    let url = request.url();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let form: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let response = post(op, "/oauth2/authorize", &form).await;
    let location = response.headers()["location"].to_str().unwrap();
    location.strip_prefix("/oauth2/authorize?pending=").expect("the request, sealed").to_owned()
}

fn has_session(browser: &Browser) -> bool {
    browser.cookies().iter().any(|(name, _)| name.ends_with("vestibule-session"))
}

// SS1
#[tokio::test]
async fn a_planted_request_logs_nobody_in() {
    let (op, app) = Op::with_app().await;
    let of_nobody = unbound(&op, &app.request()).await;
    let of_another = pending(op.browser().authorize(&app).await.page());
    for sealed in [of_nobody, of_another] {
        let victim = op.browser();
        let page = victim.authorize(&app).await.page().clone();
        stays(&victim.send(&page, planted(&page, &sealed)).await);
        assert!(!has_session(&victim));
        // Nor does a form of another site, which brings no cookies along.
        let (username, password) = ("bob", password_of("bob"));
        let form = [("pending", sealed.as_str()), ("username", username), ("password", &password)];
        let response = post(&op, "/login", &form).await;
        assert_eq!(response.status(), 400);
        assert!(!response.headers().contains_key("set-cookie"));
        for path in ["/login", "/login/password", "/consent", "/choice"] {
            stays(&victim.visit(&format!("{path}?pending={sealed}")).await);
        }
    }
}

// SS1
#[tokio::test]
async fn a_link_made_in_another_browser_asks_again() {
    let (op, app) = Op::with_app().await;
    let attacker = op.browser();
    let sealed = {
        let consent = attacker.authorize(&app).log_in("bob").await;
        pending(consent.page())
    };
    let victim = op.browser();
    let arrival = victim.visit(&format!("/oauth2/authorize?pending={sealed}")).await;
    assert!(arrival.page().asks_for_login());
    assert_ne!(pending(arrival.page()), sealed);
    // The attacker's login answered their request, not this one.
    let consent = arrival.log_in("alice").await;
    assert!(consent.page().asks_for_consent());
    assert!(consent.page().text().contains("Alice"));
}

// SS1
#[tokio::test]
async fn a_form_without_its_browser_does_nothing() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let consent = browser.authorize(&app).log_in("alice").await;
    let form = consent.page().press("#consent-allow");
    let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(post(&op, "/consent", &fields).await.status(), 400);
    stays(&op.browser().send(consent.page(), form.clone()).await);

    let logout = browser.visit("/logout").await;
    let form = logout.page().press("#logout-confirm");
    let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(post(&op, "/logout", &fields).await.headers()["location"], "/logout");
    op.browser().send(logout.page(), form).await;
    assert!(is_signed_in(&browser, &app).await);
}

// SS1
#[tokio::test]
async fn a_consent_counts_for_the_session_that_it_was_shown_to() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let consent = browser.authorize(&app).log_in("alice").await;
    // Meanwhile, in another tab, somebody else takes the seat.
    browser.authorize(app.request().prompt("login")).log_in("bob").await;
    let after = consent.press("#consent-allow").await;
    assert!(after.page().asks_for_consent());
    assert!(after.page().text().contains("Bob Builder"));
    // Nor has he consented for her.
    assert!(op.browser().authorize(&app).log_in("alice").await.page().asks_for_consent());
}

// SS2
#[tokio::test]
async fn every_login_has_a_session_id_of_its_own_and_the_old_one_is_dead() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let silently = app.request().prompt("none").url();
    let lives = async |session: &str| {
        let cookie = format!("vestibule-session={session}");
        let response =
            op.http().get(silently.clone()).header("cookie", cookie).send().await.unwrap();
        !response.headers()["location"].to_str().unwrap().contains("login_required")
    };
    browser.authorize(&app).log_in("alice").consent().await.code();
    let first = cookie(&browser, "vestibule-session");
    assert!(lives(&first).await);

    browser.authorize(app.request().prompt("login")).log_in("alice").await.code();
    let again = cookie(&browser, "vestibule-session");
    assert!(!lives(&first).await && lives(&again).await, "the same person proved it anew");

    browser.authorize(app.request().prompt("login")).log_in("bob").consent().await.code();
    let of_bob = cookie(&browser, "vestibule-session");
    assert!(!lives(&again).await && lives(&of_bob).await, "somebody else took the seat");

    browser.visit("/logout").confirm().await;
    assert!(!lives(&of_bob).await && !has_session(&browser));
    assert_eq!(BTreeSet::from([first, again, of_bob]).len(), 3);
}

// SS2
#[tokio::test]
async fn no_session_is_begun_under_an_id_that_was_brought_along() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let login = browser.authorize(&app).await;
    let brought = format!("{}; vestibule-session=chosen-by-an-attacker", cookies(&browser));
    let sealed = pending(login.page());
    let password = password_of("alice");
    let form = [("pending", sealed.as_str()), ("username", "alice"), ("password", &password)];
    let request = op.http().post(op.url("/login")).header("cookie", brought).form(&form);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 303);
    let set: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert!(set.iter().any(|cookie| cookie.to_str().unwrap().starts_with("vestibule-session=")));
    assert!(!set.iter().any(|cookie| cookie.to_str().unwrap().contains("chosen")));
}

// SS2
#[tokio::test]
async fn two_tabs_that_log_in_at_once_leave_the_person_signed_in() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    browser.authorize(&app).log_in("alice").consent().await.code();
    let tabs = super::at_once(8, || {
        let (browser, request) = (browser.clone(), app.request().prompt("login"));
        async move { browser.authorize(request).log_in("alice").await }
    })
    .await;
    // Which tab's cookie stands in the end is chance; that it is alive is not.
    assert_eq!(tabs.len(), 8);
    assert!(is_signed_in(&browser, &app).await);
}

// SS3
#[tokio::test]
async fn whoever_takes_the_seat_inherits_nothing() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let code = browser.authorize(&app).log_in("alice").consent().await.code();
    let of_alice = app.redeem(&code).await.tokens();
    let unredeemed = browser.authorize(&app).await.code();

    let arrival = browser.authorize(app.request().prompt("login")).log_in("bob").await;
    assert!(arrival.page().asks_for_consent(), "alice's consent is not bob's");
    let of_bob = app.redeem(&arrival.press("#consent-allow").await.code()).await.tokens();
    let subject = async |token: &str| app.userinfo(token).await.success()["sub"].clone();
    assert_ne!(subject(&of_bob.access_token).await, of_alice.id_token().await["sub"]);
    // Her session has ended, and with it what lived by it.
    assert_eq!(app.userinfo(&of_alice.access_token).await.status, 401);
    assert_eq!(app.refresh(of_alice.refresh_token()).await.error(), "invalid_grant");
    assert_eq!(app.redeem(&unredeemed).await.error(), "invalid_grant");
}

// SS3
#[tokio::test]
async fn another_person_than_the_hint_names_is_told_to_log_in() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let hint = offline(&browser, &app).await.raw_id_token.unwrap();
    for prompt in ["login", "login consent"] {
        let request = app.request().prompt(prompt).with("id_token_hint", &hint);
        let arrival = browser.authorize(request).log_in("bob").await;
        assert_eq!(arrival.error(), "login_required", "{prompt}");
    }
    let request = app.request().prompt("none").with("id_token_hint", &hint);
    assert_eq!(browser.authorize(request).await.error(), "login_required");
}

// SS4
#[tokio::test]
async fn cookies_are_as_narrow_as_the_issuer_allows() {
    for (setup, prefix, secure, same_site) in [
        (Setup::default(), "", false, "Lax"),
        (Setup::default().tls(), "__Host-", true, "Lax"),
        (Setup::default().tls().config("[login]\nsame_site = 'none'"), "__Host-", true, "None"),
    ] {
        let op = Op::set_up(setup).await;
        let app = op.app(Registration::web()).await;
        let browser = op.browser();
        let tokens = offline(&browser, &app).await;
        let names: BTreeSet<_> = browser.cookies().into_iter().map(|(name, _)| name).collect();
        let expected =
            ["browser", "known", "session"].map(|kind| format!("{prefix}vestibule-{kind}"));
        assert_eq!(names, BTreeSet::from(expected));
        let id_token = tokens.id_token().await;
        for (name, cookie) in browser.cookies() {
            assert!(cookie.http_only && cookie.path == "/" && cookie.secure == secure, "{name}");
            assert_eq!(cookie.same_site, same_site);
            assert_eq!(cookie.expires.is_some(), name.ends_with("known"), "{name}");
            let told =
                [&tokens.access_token, tokens.refresh_token(), id_token["sid"].as_str().unwrap()];
            assert!(
                told.iter().all(|told| !told.contains(&cookie.value)),
                "{name} is told to others"
            );
        }
    }
}

// SS7: where the bits come from, `secret` tests; here, that nothing comes twice or shorter.
#[tokio::test]
async fn whatever_identifies_has_128_bits_and_comes_once() {
    let (op, app) = Op::with_app().await;
    let mut seen = BTreeSet::new();
    let mut note = |what: &str, value: &str| {
        // 22 characters of base64url hold 128 bits.
        assert!(value.len() >= 22, "{what} {value}");
        assert!(seen.insert(value.to_owned()), "{what} {value} came before");
    };
    for _ in 0..5 {
        let browser = op.browser();
        let login = browser.authorize(&app).await;
        note("pending", &pending(login.page()));
        let request = app.request().scope("openid offline_access").prompt("consent");
        let code = browser.authorize(request).log_in("alice").consent().await.code();
        note("code", &code.value);
        let tokens = app.redeem(&code).await.tokens();
        note("refresh token", tokens.refresh_token());
        note("sid", tokens.id_token().await["sid"].as_str().unwrap());
        let payload = tokens.access_token.split('.').nth(1).unwrap();
        let payload =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload)
                .unwrap();
        let access: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        note("jti", access["jti"].as_str().unwrap());
        note("grant", access["grant_id"].as_str().unwrap());
        for (name, cookie) in browser.cookies() {
            note(&name, &cookie.value);
        }
    }
}

// SS1, logout CSRF: a form of another site brings no cookie, so it must not decide anything by its absence.
#[tokio::test]
async fn a_form_of_another_site_signs_nobody_out_unasked() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    browser.authorize(&app).through("alice").await.code();
    let request = op.http().post(op.url("/oauth2/logout")).form(&[("state", "x")]);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 303);
    assert!(response.headers().get_all("set-cookie").iter().next().is_none());
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(browser.visit(&location).await.page().asks_for_logout());
    assert!(is_signed_in(&browser, &app).await);
}

// IN4: whether a session ends must not depend on who can be asked about its owner.
#[tokio::test]
async fn signing_out_needs_no_backend() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    browser.authorize(&app).through("alice").await.code();
    op.execute("ALTER TABLE person RENAME TO unreachable").await;
    op.time.pass_seconds(120);
    let asked = app.request().prompt("none");
    assert_eq!(browser.authorize(asked).await.error(), "temporarily_unavailable");
    let page = browser.visit("/logout").confirm().await;
    assert_eq!(page.page().status, 200);
    op.execute("ALTER TABLE unreachable RENAME TO person").await;
    assert!(!is_signed_in(&browser, &app).await);
}
