//! Passwords that must be changed, or soon must, are changed on the way to the application (LD4).

use vestibule_counterparts::{Dirsrv, Samba, Slapd, password_of};

use super::attempt;
use super::configured::{dirsrv, provider, samba, slapd};
use crate::support::{App, Arrival, Op};

const NEW: &str = "Quite-another-1";

/// Logs in, and is led to the password page.
async fn led_to_the_page(op: &Op, app: &App, name: &str) -> Arrival {
    let arrival = op.browser().authorize(app).log_in_with(name, &password_of(name)).await;
    assert!(arrival.page().text().contains("must be changed"), "{}", arrival.page().text());
    assert!(arrival.page().has("#password-submit"), "{}", arrival.browser.history());
    arrival
}

/// The directory objects to a new password, and the page shows its words; the next one it takes, and the
/// request of the application goes on.
async fn change(op: &Op, app: &App, name: &str, (poor, words): (&str, &str)) {
    let page = led_to_the_page(op, app, name).await;
    let page = page.change_password("not the present one", NEW).await;
    assert_eq!(page.page().status, 403, "{}", page.page().text());
    let page = page.change_password(&password_of(name), poor).await;
    assert_eq!(page.page().status, 422, "{}", page.page().text());
    assert!(page.page().text().contains(words), "{}", page.page().text());
    let consent = page.change_password(&password_of(name), NEW).await;
    let code = consent.press("#consent-allow").await.code();
    app.redeem(&code).await.tokens().id_token().await;
    assert_eq!(attempt(op, app, name, &password_of(name)).await.status, 403);
    op.browser().authorize(app).log_in_with(name, NEW).await.code();
}

// LD4
#[tokio::test]
async fn openldap_takes_a_new_password_by_its_own_rules() {
    let server = Slapd::start().await;
    for policy in ["default", "expired"] {
        let policy = format!("cn={policy},ou=policies,{}", server.base());
        server.modify(&policy, &["replace: pwdMinLength", "pwdMinLength: 12"]).await;
    }
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    for name in ["must-change", "expired"] {
        change(&op, &app, name, ("Short-as-1", "too short")).await;
        assert!(server.accepts(&server.dn(name), NEW).await, "{name}");
    }
}

// LD4
#[tokio::test]
async fn active_directory_takes_a_new_password_by_its_own_rules() {
    let server = Samba::shared();
    let (op, app) = provider(&[&samba(&server, "")]).await;
    let name = server.user("change", &["--must-change-at-next-login"]).await;
    change(&op, &app, &name, ("allsmallletters", "complexity")).await;
    assert!(server.accepts(&name, NEW).await);
}

// LD4
#[tokio::test]
async fn directory_server_389_takes_a_new_password_by_its_own_rules() {
    let server = Dirsrv::shared();
    let (op, app) = provider(&[&dirsrv(&server, "")]).await;
    let name = server.newcomer("change").await;
    let poor = format!("{name}-{name}");
    change(&op, &app, &name, (&poor, "assword based off of user entry")).await;
    assert!(server.accepts(&server.dn(&name), NEW).await);
}

#[tokio::test]
async fn a_change_ends_what_the_old_password_had_begun() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    let tokens = super::sign_on(&op, &app, "alice", "openid offline_access").await;
    server.modify(&server.dn("alice"), &["replace: pwdReset", "pwdReset: TRUE"]).await;
    let page = led_to_the_page(&op, &app, "alice").await;
    page.change_password(&password_of("alice"), NEW).await.code();
    assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant");
    assert_eq!(app.userinfo(&tokens.access_token).await.status, 401);
}

// LK1
#[tokio::test]
async fn guesses_on_the_password_page_count_like_those_on_the_login_page() {
    let server = Slapd::start().await;
    let config = format!("[login]\nattempts_per_name = 2\n{}", slapd(&server, ""));
    let (op, app) = provider(&[&config]).await;
    let mut page = led_to_the_page(&op, &app, "must-change").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        page = page.change_password("a wrong one", NEW).await;
        statuses.push(page.page().status);
    }
    assert!(statuses.ends_with(&[429]), "{statuses:?}");
    let failures = server.values(&server.dn("must-change"), "pwdFailureTime").await;
    assert!(failures.len() <= 2, "{failures:?}");
}

#[tokio::test]
async fn where_it_is_switched_off_nobody_is_offered_a_change() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "password_change = false")]).await;
    let page = attempt(&op, &app, "must-change", &password_of("must-change")).await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("must be changed") && page.asks_for_login(), "{}", page.text());
    assert!(!page.has("#password-submit"));
}

#[tokio::test]
async fn who_has_little_time_left_is_told_and_goes_on() {
    let server = Slapd::start().await;
    let config = format!("[login]\npassword_warnings = true\n{}", slapd(&server, ""));
    let (op, app) = provider(&[&config]).await;
    for (name, words) in [("expiring", "2 days"), ("grace", "1 login left")] {
        let warning = op.browser().authorize(&app).log_in_with(name, &password_of(name)).await;
        assert!(warning.page().text().contains(words), "{name}: {}", warning.page().text());
        warning.press("#warning-continue").consent().await.code();
    }
    // Whoever would rather change it now is led to the page.
    let warning = op.browser().authorize(&app).log_in_with("expiring", &password_of("expiring"));
    let page = warning.press("#warning-change").await;
    page.change_password(&password_of("expiring"), NEW).await.code();
    op.browser().authorize(&app).log_in_with("expiring", NEW).await.code();
}
