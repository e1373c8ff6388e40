//! What people see, in the browser that they see it with: Chromium, driven by Playwright.
//!
//! Each story is a script beside this file. Rust starts the provider and the sites of other origins and
//! tells the script where they are; the script is the person. It keeps screenshots in `tests/artefacts`,
//! to be looked at.

mod sites;

use serde_json::{Value, json};
use vestibule_counterparts::Slapd;

use crate::support::{Demo, Folder, Op, Registration, Script, Setup, free_ports, password_of};
use sites::Sites;

/// Plays a script to its end.
async fn play(script: &str, told: &Value) {
    let mut script = Script::start(&format!("chromium/{script}"));
    script.tell(told);
    script.finish().await;
}

fn person(username: &str) -> Value {
    json!({ "username": username, "password": password_of(username) })
}

#[tokio::test]
async fn a_single_page_application_signs_people_in() {
    let folder = Folder::new();
    let demo = Demo::start(folder.path(), free_ports(2)).await;
    let told = json!({
        "application": demo.application,
        "issuer": demo.issuer,
        "person": { "username": "alice", "password": demo.people["alice"] },
    });
    play("application.mjs", &told).await;
}

#[tokio::test]
async fn a_form_is_posted_to_a_site_that_sends_the_person_onwards() {
    let op = Op::start().await;
    let sites = Sites::start().await;
    let registration = Registration::web()
        .response_types(&["code id_token token"])
        .with("redirect_uris", json!([sites.callback]));
    let app = op.app(registration).await;
    let request = || app.request().scope("openid email").prompt("consent");
    let requests = [request(), request()].map(|request| request.with("response_mode", "form_post"));
    let urls = requests.each_ref().map(|request| request.url());
    let (onward, alice) = (&sites.onward, person("alice"));
    let [scripted, plain] = urls;
    let told = json!({ "scripted": scripted, "plain": plain, "onward": onward, "person": alice });
    play("form_post.mjs", &told).await;

    let posted = sites.posted();
    assert_eq!(posted.len(), 2);
    for (request, posted) in requests.iter().zip(&posted) {
        assert_eq!(posted["state"], request.get("state").unwrap());
        assert_eq!(posted["iss"], op.issuer());
        let claims = app.verify(&posted["id_token"]).await;
        assert_eq!(claims["nonce"], request.get("nonce").unwrap());
        assert_eq!(claims["c_hash"], claims.hash(&posted["code"]));
        let userinfo = app.userinfo(&posted["access_token"]).await.success();
        assert_eq!(userinfo["email"], "alice@example.test");
    }
}

#[tokio::test]
async fn a_request_posted_from_another_site_finds_the_session() {
    let op = Op::set_up(Setup::default().tls()).await;
    let sites = Sites::start().await;
    let registration = Registration::web().with("redirect_uris", json!([sites.callback]));
    let app = op.app(registration).await;
    let request = app.request().with("response_mode", "form_post");
    let told = json!({
        "site": sites.site,
        "first": request.url(),
        "silent": request.clone().prompt("none").url(),
        "onward": sites.onward,
        "person": person("alice"),
    });
    play("posted_request.mjs", &told).await;
    let posted = sites.posted();
    assert!(posted.len() == 2 && posted.iter().all(|form| form.contains_key("code")), "{posted:?}");
}

#[tokio::test]
async fn every_page_is_fit_to_be_seen() {
    let config = r#"
        [authorization.scopes]
        "read:reports" = "Read the reports of your department"
    "#;
    let op = Op::set_up(Setup::default().config(config)).await;
    let sites = Sites::start().await;
    let registration = Registration::web()
        .response_types(&["code", "id_token token"])
        .with("client_name", json!("Reports"))
        .with("redirect_uris", json!([sites.callback]))
        .with("post_logout_redirect_uris", json!([sites.onward]))
        .with("scope", json!("openid profile email address phone offline_access read:reports"))
        .with("logo_uri", json!(sites.logo))
        .with("policy_uri", json!("https://reports.example.test/privacy"))
        .with("tos_uri", json!("https://reports.example.test/terms"));
    let app = op.app(registration).await;
    let everything = "openid profile email address phone offline_access read:reports";
    let request = app.request();
    let told = json!({
        "issuer": op.issuer(),
        "person": person("alice"),
        "login": request.url(),
        "consent": request.clone().scope(everything).prompt("consent").url(),
        "choice": request.clone().prompt("select_account").url(),
        "error": request.clone().with("redirect_uri", "https://elsewhere.example.test/").url(),
        "form_post": request.clone().with("response_mode", "form_post").url(),
    });
    play("pages.mjs", &told).await;
}

#[tokio::test]
async fn a_password_is_changed_on_the_way() {
    let op = Op::start().await;
    let sites = Sites::start().await;
    let registration = Registration::web()
        .with("client_name", json!("Reports"))
        .with("redirect_uris", json!([sites.callback]))
        .with("policy_uri", json!("https://reports.example.test/privacy"));
    let app = op.app(registration).await;
    op.execute("UPDATE person SET must_change = TRUE").await;
    let told = json!({
        "login": app.request().url(),
        "people": [person("alice"), person("bob")],
    });
    play("password.mjs", &told).await;
}

#[tokio::test]
async fn a_directory_warns_of_passwords_and_says_what_it_does_not_allow() {
    let slapd = Slapd::start().await;
    let stricter = "dn: cn=expired,ou=policies,dc=example,dc=test\nchangetype: modify\n\
                    replace: pwdMinLength\npwdMinLength: 16\n";
    slapd.change(stricter).await;
    let config = format!(
        r#"
        [login]
        password_warnings = true
        [[backend]]
        name = "people"
        type = "database"
        [[backend]]
        name = "staff"
        type = "ldap"
        url = "{}"
        ca = "{}"
        base = "ou=people,dc=example,dc=test"
        bind_dn = "{}"
        bind_password = "{}"
        "#,
        slapd.tls_url(),
        slapd.ca_file().display(),
        Slapd::SERVICE_DN,
        Slapd::SERVICE_PASSWORD,
    );
    let op = Op::set_up(Setup::default().config(&config)).await;
    let sites = Sites::start().await;
    let registration = Registration::web()
        .with("client_name", json!("Reports"))
        .with("redirect_uris", json!([sites.callback]));
    let app = op.app(registration).await;
    let there = |username: &str| json!({ "username": username, "password": vestibule_counterparts::password_of(username) });
    let told = json!({
        "login": app.request().url(),
        "expiring": there("expiring"),
        "grace": there("grace"),
        "expired": there("expired"),
    });
    play("password_warning.mjs", &told).await;
}

#[tokio::test]
async fn the_keyboard_is_enough() {
    let op = Op::start().await;
    let sites = Sites::start().await;
    let registration = Registration::web().with("redirect_uris", json!([sites.callback]));
    let app = op.app(registration).await;
    let request = app.request().with("response_mode", "form_post");
    let told = json!({
        "issuer": op.issuer(),
        "login": request.url(),
        "onward": sites.onward,
        "person": person("alice"),
    });
    play("keyboard.mjs", &told).await;
}
