//! Somebody of each directory signs on, and the application learns who it is.

use serde_json::{Value, json};
use vestibule_counterparts::{Dirsrv, Samba, Slapd, password_of};

use super::configured::{dirsrv, openldap, provider, samba, slapd};
use super::{groups, learnt};

#[tokio::test]
async fn somebody_of_openldap_signs_on() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    let alice = learnt(&op, &app, "alice").await;
    assert_eq!(alice["name"], "Alice Adams");
    assert_eq!(alice["email"], "alice@example.test");
    assert_eq!(alice["preferred_username"], Value::Null);
    assert_eq!(groups(&alice), ["R&D (core)*, Berlin", "inner", "staff"].into());
    for (name, cn) in
        [("bob", "Bob (the) Builder*"), ("zoe", "Zoë Zürn"), ("jsmith", "Smith, John #1")]
    {
        assert_eq!(learnt(&op, &app, name).await["name"], cn);
    }
    assert_eq!(learnt(&op, &app, "nora").await.get("groups"), None);
}

const NESTED: &str = r#"
    groups = "member-of"
    group_base = "ou=groups,dc=example,dc=test"
    nested_groups = true
"#;

#[tokio::test]
async fn by_starttls_and_by_a_template_it_is_the_same_person() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    let starttls = openldap("staff", &server, &[server.url()], NESTED);
    let (nested, its_app) = provider(&[&starttls]).await;
    let direct = r#"bind_as = "uid={username},ou=people,dc=example,dc=test""#;
    let (template, by_template) = provider(&[&slapd(&server, direct)]).await;

    let one = learnt(&op, &app, "alice").await;
    let two = learnt(&nested, &its_app, "alice").await;
    let three = learnt(&template, &by_template, "alice").await;
    assert_eq!((&one["name"], &one["email"]), (&two["name"], &two["email"]));
    assert_eq!((&one["name"], &one["email"]), (&three["name"], &three["email"]));
    assert_eq!(groups(&one), groups(&three));
    let all = ["R&D (core)*, Berlin", "inner", "middle", "outer", "staff"];
    assert_eq!(groups(&two), all.into());
}

const SEARCHED: &str = r#"
    groups = "search"
    group_base = "ou=groups,dc=example,dc=test"
    nested_groups = true
"#;

#[tokio::test]
async fn groups_are_found_by_search_and_a_cycle_of_them_ends() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, SEARCHED)]).await;
    let carol = learnt(&op, &app, "carol").await;
    assert_eq!(groups(&carol), ["ring-a", "ring-b"].into());
    let alice = learnt(&op, &app, "alice").await;
    let all = ["R&D (core)*, Berlin", "club", "inner", "middle", "outer", "staff", "unix"];
    assert_eq!(groups(&alice), all.into());
}

#[tokio::test]
async fn somebody_of_active_directory_signs_on() {
    let server = Samba::shared();
    let (op, app) = provider(&[&samba(&server, "nested_groups = true")]).await;
    let alice = learnt(&op, &app, "alice").await;
    assert_eq!((&alice["name"], &alice["email"]), (&json!("alice"), &json!("alice@ad.test")));
    assert!(groups(&alice).is_superset(&["inner", "middle", "outer", "staff"].into()), "{alice}");
    let bob = learnt(&op, &app, "bob").await;
    assert_eq!(
        (&bob["name"], &bob["family_name"]),
        (&json!("Bob (the) Builder*"), &json!("Builder*"))
    );
    assert_eq!(learnt(&op, &app, "zoe").await["name"], "Zoë Zürn");

    // However they write their names, they are the same.
    for name in ["ALICE", "alice@ad.test", r"AD\alice"] {
        let login = op.browser().authorize(&app).log_in_with(name, &password_of("alice")).await;
        let code = if login.has_left() {
            login.code()
        } else {
            login.press("#consent-allow").await.code()
        };
        let tokens = app.redeem(&code).await.tokens();
        assert_eq!(tokens.id_token().await["sub"], alice["sub"], "{name}");
    }
}

#[tokio::test]
async fn somebody_of_389_directory_server_signs_on() {
    let server = Dirsrv::shared();
    let (op, app) = provider(&[&dirsrv(&server, "")]).await;
    let alice = learnt(&op, &app, "alice").await;
    assert_eq!(alice["name"], "Alice Adams");
    assert_eq!(groups(&alice), ["inner", "middle", "outer", "staff"].into());
    assert_eq!(groups(&learnt(&op, &app, "tessa").await), ["admins", "staff"].into());
}

#[tokio::test]
async fn the_hosts_of_active_directory_are_told_by_its_own_dns() {
    let server = Samba::shared();
    let told =
        format!("srv = \"ad.test\"\nsecurity = \"starttls\"\ndns_servers = \"{}\"", server.dns());
    let config = samba(&server, "").replace(&format!("url = \"{}\"", server.tls_url()), &told);
    let (op, app) = provider(&[&config]).await;
    assert_eq!(learnt(&op, &app, "alice").await["email"], "alice@ad.test");
}
