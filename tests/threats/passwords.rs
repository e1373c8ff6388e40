//! The page on which people change their password: no way around what guards the login page.

use super::{cookies, is_signed_in, offline, post, stays};
use crate::support::{App, Browser, Form, Op, Page, Registration, password_of};

const NEW: &str = "a password that is new";

async fn expire(op: &Op, username: &str) {
    op.execute(&format!("UPDATE person SET must_change = TRUE WHERE username = '{username}'"))
        .await;
}

/// The password page, which a person who has to log in can reach.
async fn password_page(browser: &Browser, app: &App) -> Page {
    let login = browser.authorize(app.request().prompt("login")).await.page().clone();
    let place = format!("/login/password?pending={}", pending(&login));
    let page = browser.visit(&place).await.page().clone();
    assert!(page.status == 200 && page.has("#password-submit"), "{}", page.html);
    page
}

fn pending(page: &Page) -> String {
    page.attribute("input[name=pending]", "value").expect("a pending request")
}

fn filled(page: &Page, username: &str, current: &str, new: &str) -> Form {
    let form = page.press("#password-submit").fill("username", username);
    form.fill("current_password", current).fill("new_password", new).fill("repeated_password", new)
}

async fn log_in(op: &Op, app: &App, username: &str, password: &str) -> u16 {
    let arrival = op.browser().authorize(app).log_in_with(username, password).await;
    if arrival.has_left() { 303 } else { arrival.page().status }
}

#[tokio::test]
async fn an_expired_password_is_changed_and_the_request_goes_on() {
    let (op, app) = Op::with_app().await;
    op.browser().authorize(&app).log_in("alice").consent().await.code();
    expire(&op, "alice").await;
    let browser = op.browser();
    let page = browser.authorize(&app).log_in("alice").await.page().clone();
    assert_eq!(page.status, 403);
    assert_eq!(page.attribute("#username", "value").as_deref(), Some("alice"));
    for (field, kind) in [
        ("current_password", "current-password"),
        ("new_password", "new-password"),
        ("repeated_password", "new-password"),
    ] {
        let input = format!("input[name={field}]");
        assert_eq!(page.attribute(&input, "autocomplete").as_deref(), Some(kind));
        assert_eq!(page.attribute(&input, "value"), None);
    }
    assert!(!is_signed_in(&browser, &app).await);
    let arrival = browser.send(&page, filled(&page, "alice", &password_of("alice"), NEW)).await;
    assert!(arrival.away().query().unwrap().contains("code="), "{}", arrival.away());
    assert!(is_signed_in(&browser, &app).await);
    assert_eq!(log_in(&op, &app, "alice", &password_of("alice")).await, 403);
    assert_eq!(log_in(&op, &app, "alice", NEW).await, 303);
}

// RT4
#[tokio::test]
async fn a_change_ends_what_the_former_password_had_opened_and_not_itself() {
    let (op, app) = Op::with_app().await;
    let (laptop, phone) = (op.browser(), op.browser());
    let tokens = offline(&laptop, &app).await;
    app.userinfo(&tokens.access_token).await.success();
    let page = password_page(&phone, &app).await;
    let former = cookies(&phone);
    let arrival = phone.send(&page, filled(&page, "alice", &password_of("alice"), NEW)).await;
    assert!(arrival.has_left());
    assert!(!is_signed_in(&laptop, &app).await);
    assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant");
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
    assert!(is_signed_in(&phone, &app).await);
    assert!(!former.contains("session") && cookies(&phone).contains("session"));

    // Who is signed in where they change it goes on under a new id.
    let page = password_page(&phone, &app).await;
    let before = super::cookie(&phone, "vestibule-session");
    phone.send(&page, filled(&page, "alice", NEW, &password_of("alice"))).await;
    assert_ne!(super::cookie(&phone, "vestibule-session"), before);
    assert!(is_signed_in(&phone, &app).await);
}

// LK1
#[tokio::test]
async fn the_password_page_shares_the_tries_of_the_login_page() {
    let op = Op::with_config("[login]\nattempts_per_name = 3").await;
    let app = op.app(Registration::web()).await;
    let browser = op.browser();
    let page = password_page(&browser, &app).await;
    // What is wrong with the new password nobody is asked, and nothing is counted.
    for new in ["short", "", &password_of("alice")] {
        let form = filled(&page, "alice", &password_of("alice"), new);
        assert_eq!(browser.send(&page, form).await.page().status, 422, "{new:?}");
    }
    for _ in 0..2 {
        assert_eq!(log_in(&op, &app, "alice", "wrong").await, 403);
    }
    let wrong = filled(&page, "ALICE", "wrong", NEW);
    assert_eq!(browser.send(&page, wrong).await.page().status, 403);
    let right = filled(&page, "alice", &password_of("alice"), NEW);
    let refused = browser.send(&page, right.clone()).await.page().clone();
    assert_eq!((refused.status, refused.header("retry-after")), (429, "900"));
    assert_eq!(log_in(&op, &app, "alice", &password_of("alice")).await, 429);
    op.time.pass_seconds(900);
    assert!(browser.send(&page, right).await.page().asks_for_consent());
}

// SS1
#[tokio::test]
async fn a_planted_request_changes_no_password() {
    let (op, app) = Op::with_app().await;
    let attacker = op.browser();
    let of_another = pending(&password_page(&attacker, &app).await);
    let victim = op.browser();
    let page = password_page(&victim, &app).await;
    let form = filled(&page, "alice", &password_of("alice"), NEW);
    stays(&victim.send(&page, form.clone().fill("pending", &of_another)).await);
    stays(&victim.visit(&format!("/login/password?pending={of_another}")).await);
    // Nor does a form of another site, which brings no cookies along.
    let fields: Vec<_> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let response = post(&op, "/login/password", &fields).await;
    assert_eq!(response.status(), 400);
    assert!(!response.headers().contains_key("set-cookie"));
    assert_eq!(log_in(&op, &app, "alice", NEW).await, 403);
}

#[tokio::test]
async fn a_request_that_waited_too_long_begins_again() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let page = password_page(&browser, &app).await;
    op.time.pass_seconds(3601);
    let form = filled(&page, "alice", &password_of("alice"), NEW);
    let arrival = browser.send(&page, form).await;
    assert!(arrival.page().asks_for_login(), "{}", arrival.page().text());
    assert_eq!(log_in(&op, &app, "alice", NEW).await, 403);
}

#[tokio::test]
async fn whoever_cancels_goes_back_and_whoever_is_not_to_be_asked_is_not() {
    let (op, app) = Op::with_app().await;
    let browser = op.browser();
    let page = password_page(&browser, &app).await;
    let arrival = browser.send(&page, page.press("#password-cancel")).await;
    assert!(arrival.away().query().unwrap().contains("error=access_denied"));
    expire(&op, "alice").await;
    let silent = browser.authorize(app.request().prompt("none")).await;
    assert_eq!(silent.error(), "login_required");
}
