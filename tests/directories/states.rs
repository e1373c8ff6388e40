//! The states of accounts, as the login page shows them to who proved the password and to strangers.

use vestibule_counterparts::{Dirsrv, Samba, Slapd, password_of};

use super::attempt;
use super::configured::{dirsrv, provider, samba, slapd};
use crate::support::{App, Op};

/// EN1: nobody can tell these names from one that nobody has, without the password.
pub(super) async fn look_alike(op: &Op, app: &App, names: &[&str]) {
    let expected = attempt(op, app, "nobody", "a wrong password").await;
    assert_eq!(expected.status, 403);
    let expected = expected.told_to_strangers("nobody");
    for name in names {
        let page = attempt(op, app, name, "a wrong password").await;
        assert!(page.told_to_strangers(name) == expected, "{name}: {}", page.text());
    }
}

/// Who has proved the password reads this word, or sees the page of a wrong password where it is `None`.
pub(super) async fn are_told(op: &Op, app: &App, states: &[(&str, Option<&str>)]) {
    let stranger = attempt(op, app, "nobody", "a wrong password").await.told_to_strangers("nobody");
    for (name, word) in states {
        let page = attempt(op, app, name, &password_of(name)).await;
        match word {
            Some(word) => assert!(page.text().contains(word), "{name}: {}", page.text()),
            None => assert!(page.told_to_strangers(name) == stranger, "{name}: {}", page.text()),
        }
    }
}

async fn signs_on(op: &Op, app: &App, name: &str) {
    super::sign_on(op, app, name, "openid").await.id_token().await;
}

// EN1
#[tokio::test]
async fn openldap_tells_strangers_nothing() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    let names = ["alice", "locked", "barred", "ended", "expired", "must-change"];
    look_alike(&op, &app, &names).await;
    // It refuses these before it looks at the password, so even the owner has proved nothing.
    are_told(&op, &app, &[("locked", None), ("barred", None), ("ended", None)]).await;
    are_told(&op, &app, &[("must-change", Some("must be changed"))]).await;
    for name in ["grace", "expiring", "alice"] {
        signs_on(&op, &app, name).await;
    }
}

// EN1
#[tokio::test]
async fn active_directory_tells_strangers_nothing() {
    let server = Samba::shared();
    let (op, app) = provider(&[&samba(&server, "")]).await;
    let (open, disabled) = (server.user("open", &[]).await, server.user("off", &[]).await);
    let changing = server.user("new", &["--must-change-at-next-login"]).await;
    server.tool(&["user", "disable", &disabled]).await;
    look_alike(&op, &app, &[&open, &disabled, &changing, "locked"]).await;
    let told = [
        ("disabled", Some("disabled")),
        ("ended", Some("expired")),
        ("expired", Some("must be changed")),
        ("must-change", Some("must be changed")),
        ("hours", Some("locked")),
        ("elsewhere", Some("disabled")),
        ("locked", None),
    ];
    are_told(&op, &app, &told).await;
    signs_on(&op, &app, &open).await;
}

// EN1
#[tokio::test]
async fn directory_server_389_tells_strangers_nothing() {
    let server = Dirsrv::shared();
    let (op, app) = provider(&[&dirsrv(&server, "")]).await;
    let (open, changing) = (server.user("open").await, server.newcomer("new").await);
    let (disabled, expired) = (server.user("off").await, server.user("exp").await);
    let entry = server.dn(&disabled);
    server.modify(&entry, &["add: nsAccountLock", "nsAccountLock: true"]).await;
    let long_ago = "passwordExpirationTime: 20200101000000Z";
    let entry = server.dn(&expired);
    server.modify(&entry, &["replace: passwordExpirationTime", long_ago]).await;
    look_alike(&op, &app, &[&open, &changing, &disabled, &expired, "locked"]).await;
    let told = [
        // It refuses both before it looks at the password.
        ("disabled", None),
        ("locked", None),
        ("expired", Some("must be changed")),
        ("must-change", Some("must be changed")),
    ];
    are_told(&op, &app, &told).await;
    for name in [&open, "expiring"] {
        signs_on(&op, &app, name).await;
    }
}

// LD1
#[tokio::test]
async fn passwords_of_nothing_never_reach_the_directory() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    for password in ["", "\0", "\0\0\0", " ", "\t\n", "\u{a0}\u{2003}"] {
        assert_eq!(attempt(&op, &app, "alice", password).await.status, 403, "{password:?}");
        assert_eq!(attempt(&op, &app, "bob", password).await.status, 403, "{password:?}");
    }
    let people: Vec<_> = server.binds().into_iter().filter(|dn| dn.contains("ou=people")).collect();
    assert!(people.is_empty(), "{people:?}");
}

// LD2
#[tokio::test]
async fn a_name_is_a_name_and_no_filter() {
    let server = Slapd::start().await;
    let (op, app) = provider(&[&slapd(&server, "")]).await;
    for name in ["*", "al*", ")(uid=*", "alice)(|(uid=*", r"alic\65", "(uid=alice)", "a\u{0}b"] {
        let page = attempt(&op, &app, name, &password_of("alice")).await;
        assert_eq!(page.status, 403, "{name:?}");
    }
    let found = |filter: &String| filter.starts_with("(uid=") && filter.contains('*');
    assert!(!server.filters().iter().any(found), "{:?}", server.filters());
    assert!(!server.binds().iter().any(|dn| dn.contains("ou=people")), "{:?}", server.binds());
}

// Our own counter trips before the directory's, which then never locks its people.
#[tokio::test]
async fn our_lockout_comes_before_the_directorys_own() {
    let server = Slapd::start().await;
    let config = format!("[login]\nattempts_per_name = 2\n{}", slapd(&server, ""));
    let (op, app) = provider(&[&config]).await;
    for _ in 0..2 {
        assert_eq!(attempt(&op, &app, "alice", "wrong").await.status, 403);
    }
    for _ in 0..5 {
        assert_eq!(attempt(&op, &app, "alice", "wrong").await.status, 429);
    }
    let alice = server.dn("alice");
    assert_eq!(server.values(&alice, "pwdFailureTime").await.len(), 2);
    assert!(server.values(&alice, "pwdAccountLockedTime").await.is_empty());
    assert!(server.accepts(&alice, &password_of("alice")).await);
    op.time.pass_seconds(900);
    signs_on(&op, &app, "alice").await;
}

#[tokio::test]
async fn our_lockout_comes_before_that_of_active_directory() {
    let server = Samba::shared();
    let config = format!("[login]\nattempts_per_name = 2\n{}", samba(&server, ""));
    let (op, app) = provider(&[&config]).await;
    let name = server.user("guessed", &[]).await;
    for status in [403, 403, 429, 429, 429] {
        assert_eq!(attempt(&op, &app, &name, "wrong").await.status, status);
    }
    // Three would have locked the account.
    assert!(server.accepts(&name, &password_of(&name)).await);
}
