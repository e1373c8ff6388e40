//! People change in their directory while applications hold their tokens (RT4, and whose `sub` stays).

use vestibule_counterparts::{Dirsrv, Samba, Slapd};

use super::configured::{dirsrv, provider, samba, slapd};
use super::sign_on;
use crate::support::{App, Op, Tokens};

const OFFLINE: &str = "openid email offline_access";

/// The default of `attributes_fresh_for`, in seconds.
const FRESH: u64 = 60;

/// Neither the token nor its refreshing is honoured any more.
async fn is_out(op: &Op, app: &App, tokens: &Tokens, why: &str) {
    op.time.pass_seconds(FRESH);
    assert_eq!(app.userinfo(&tokens.access_token).await.error(), "invalid_token", "{why}");
    assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant", "{why}");
}

// RT4
#[tokio::test]
async fn whoever_is_shut_out_of_openldap_is_out_within_a_minute() {
    let server = Slapd::start().await;
    let required = "required_group = \"staff\"";
    let (op, app) = provider(&[&slapd(&server, required)]).await;
    let mut tokens = Vec::new();
    for name in ["alice", "bob", "tessa", "jsmith"] {
        let held = sign_on(&op, &app, name, OFFLINE).await;
        app.userinfo(&held.access_token).await.success();
        tokens.push((name, held));
    }
    let (alice, bob, tessa) = (server.dn("alice"), server.dn("bob"), server.dn("tessa"));
    let barred = "pwdAccountLockedTime: 000001010000Z";
    server.modify(&alice, &["add: pwdAccountLockedTime", barred]).await;
    let staff = "cn=staff,ou=groups,dc=example,dc=test";
    server.modify(staff, &["delete: member", &format!("member: {bob}")]).await;
    server.modify(&tessa, &["add: pwdEndTime", "pwdEndTime: 20200101000000Z"]).await;
    server
        .change(&format!(
            "dn: cn=Smith\\, John #1,ou=people,{}\nchangetype: delete\n",
            server.base()
        ))
        .await;
    for (name, held) in &tokens {
        is_out(&op, &app, held, name).await;
    }
}

// RT4
#[tokio::test]
async fn whoever_is_shut_out_of_active_directory_is_out_within_a_minute() {
    let server = Samba::shared();
    let (op, app) = provider(&[&samba(&server, "required_group = \"staff\"")]).await;
    let mut all = Vec::new();
    for begin in ["rt-off", "rt-end", "rt-group", "rt-lock"] {
        let name = server.user(begin, &[]).await;
        server.tool(&["group", "addmembers", "staff", &name]).await;
        let tokens = sign_on(&op, &app, &name, OFFLINE).await;
        app.userinfo(&tokens.access_token).await.success();
        all.push((name, tokens));
    }
    server.tool(&["user", "disable", &all[0].0]).await;
    server.tool(&["user", "setexpiry", &all[1].0, "--days=0"]).await;
    server.tool(&["group", "removemembers", "staff", &all[2].0]).await;
    for _ in 0..3 {
        assert!(!server.accepts(&all[3].0, "wrong").await);
    }
    for (name, tokens) in &all {
        is_out(&op, &app, tokens, name).await;
    }
}

// RT4
#[tokio::test]
async fn whoever_is_shut_out_of_389_directory_server_is_out_within_a_minute() {
    let server = Dirsrv::shared();
    let (op, app) = provider(&[&dirsrv(&server, "")]).await;
    let mut all = Vec::new();
    for begin in ["rt-off", "rt-lock"] {
        let name = server.user(begin).await;
        let tokens = sign_on(&op, &app, &name, OFFLINE).await;
        app.userinfo(&tokens.access_token).await.success();
        all.push((name, tokens));
    }
    server.modify(&server.dn(&all[0].0), &["add: nsAccountLock", "nsAccountLock: true"]).await;
    for _ in 0..3 {
        assert!(!server.accepts(&server.dn(&all[1].0), "wrong").await);
    }
    for (name, tokens) in &all {
        is_out(&op, &app, tokens, name).await;
    }
}

#[tokio::test]
async fn attributes_follow_within_a_minute() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    let tokens = sign_on(&op, &app, "alice", OFFLINE).await;
    server.modify(&server.dn("alice"), &["replace: mail", "mail: new@example.test"]).await;
    // Young enough to be believed, without a question.
    server.forget_log();
    op.time.pass_seconds(FRESH - 1);
    let email = async || app.userinfo(&tokens.access_token).await.success()["email"].clone();
    assert_eq!(email().await, "alice@example.test");
    assert!(server.filters().is_empty(), "{:?}", server.filters());
    op.time.pass_seconds(1);
    assert_eq!(email().await, "new@example.test");
}

#[tokio::test]
async fn whoever_is_renamed_and_moved_is_the_same_person() {
    let server = Slapd::start().await;
    let subtree = slapd(&server, "").replace("base = \"ou=people,", "base = \"");
    let (op, app) = provider(&[&subtree]).await;
    let before = sign_on(&op, &app, "alice", OFFLINE).await;
    server.rename(&server.dn("alice"), "uid=alicia", "ou=alumni,dc=example,dc=test").await;
    op.time.pass_seconds(FRESH);
    let refreshed = app.refresh(before.refresh_token()).await.tokens();
    app.userinfo(&refreshed.access_token).await.success();
    let login = op.browser().authorize(app.request().scope(OFFLINE));
    let code = login.log_in_with("alicia", "alice-Passw0rd").await.code();
    let after = app.redeem(&code).await.tokens().id_token().await["sub"].clone();
    assert_eq!(after, before.id_token().await["sub"]);
    assert_eq!(super::attempt(&op, &app, "alice", "alice-Passw0rd").await.status, 403);

    // Who gets the name now is somebody else.
    server.rename(&server.dn("nora"), "uid=alice", "ou=people,dc=example,dc=test").await;
    server
        .modify(&server.dn("alice"), &["replace: userPassword", "userPassword: alice-Passw0rd"])
        .await;
    server.modify(&server.dn("alice"), &["replace: pwdReset", "pwdReset: FALSE"]).await;
    let namesake = sign_on(&op, &app, "alice", OFFLINE).await;
    assert_ne!(namesake.id_token().await["sub"], after);
}

#[tokio::test]
async fn active_directory_renames_and_moves_without_a_new_person() {
    let server = Samba::shared();
    let (op, app) = provider(&[&samba(&server, "")]).await;
    let name = server.user("rename", &[]).await;
    let before = sign_on(&op, &app, &name, OFFLINE).await;
    let new = format!("{name}x");
    server.rename(&server.dn(&name), &format!("CN={new}"), server.base()).await;
    let entry = format!("CN={new},{}", server.base());
    server.modify(&entry, &["replace: sAMAccountName", &format!("sAMAccountName: {new}")]).await;
    let principal = format!("userPrincipalName: {new}@ad.test");
    server.modify(&entry, &["replace: userPrincipalName", &principal]).await;
    op.time.pass_seconds(FRESH);
    app.refresh(before.refresh_token()).await.tokens();
    let login = op.browser().authorize(app.request().scope(OFFLINE));
    let code = login.log_in_with(&new, &format!("{name}-Passw0rd")).await.code();
    let after = app.redeem(&code).await.tokens();
    assert_eq!(after.id_token().await["sub"], before.id_token().await["sub"]);
}
