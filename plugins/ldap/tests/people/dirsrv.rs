//! 389 Directory Server: states, groups and changes of passwords.

use serde_json::json;
use vestibule_counterparts::{Dirsrv, password_of};
use vestibule_plugin::conformance::{Known, password_backend};
use vestibule_plugin::{NotChanged, PasswordWarning, Refusal, Subject};

use crate::open::{change, dirsrv, log_in, log_in_with, look_up, texts};

const NEW: &str = "xyzzy-Plugh-77";

#[tokio::test]
async fn the_389_server_keeps_the_contract() {
    let server = Dirsrv::shared();
    let name = server.user("patient").await;
    // Wrong passwords would lock the account.
    let policy = format!("cn=of-{name},cn=nsPwPolicyContainer,ou=people,dc=example,dc=test");
    server
        .change(&format!(
            "dn: {policy}\nchangetype: add\nobjectClass: ldapsubentry\nobjectClass: passwordpolicy\n\
             cn: of-{name}\npasswordLockout: off\n\n\
             dn: {}\nchangetype: modify\nreplace: pwdPolicySubentry\npwdPolicySubentry: {policy}\n",
            server.dn(&name)
        ))
        .await;
    let password = password_of(&name);
    let known = Known { username: &name, password: &password, attributes: &["mail", "cn"] };
    password_backend(&dirsrv(&server, json!({})), known).await;
}

async fn subject(server: &Dirsrv, name: &str) -> Subject {
    let id = server.values(&server.dn(name), "nsUniqueId").await;
    Subject::parse(id[0].as_str()).unwrap()
}

#[tokio::test]
async fn locked_and_disabled_accounts_are_refused_and_not_out_of_order() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    // The results 19 and 53, with the right password and without.
    for password in ["locked-Passw0rd", "not the password"] {
        let answer = log_in_with(&backend, "locked", password).await;
        assert!(
            matches!(answer, Err(Refusal::Locked { proved: false, subject: Some(_) })),
            "{answer:?}"
        );
        let answer = log_in_with(&backend, "disabled", password).await;
        assert!(
            matches!(answer, Err(Refusal::Disabled { proved: false, subject: Some(_) })),
            "{answer:?}"
        );
    }
    let answer = look_up(&backend, &subject(&server, "locked").await).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
    let answer = look_up(&backend, &subject(&server, "disabled").await).await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: false, .. })), "{answer:?}");
}

#[tokio::test]
async fn wrong_passwords_lock_and_the_look_up_knows() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    let name = server.user("locks").await;
    let who = log_in(&backend, &name).await.unwrap().subject;
    for _ in 0..3 {
        let _ = log_in_with(&backend, &name, "not the password").await;
    }
    let answer = log_in(&backend, &name).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
    let answer = look_up(&backend, &who).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
}

#[tokio::test]
async fn passwords_expire_and_warn() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    for name in ["expired", "must-change"] {
        let answer = log_in(&backend, name).await;
        assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{name}: {answer:?}");
        assert!(look_up(&backend, &subject(&server, name).await).await.is_ok(), "{name}");
    }
    let name = server.newcomer("wrong").await;
    let answer = log_in_with(&backend, &name, "not the password").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(Some(_)))), "{answer:?}");
    let warning = log_in(&backend, "expiring").await.unwrap().warning;
    assert!(matches!(warning, Some(PasswordWarning::Expires(_))), "{warning:?}");
}

#[tokio::test]
async fn a_grace_login_is_a_login_with_a_warning() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    let name = server.user("grace").await;
    server
        .change(&format!(
            "dn: {}\nchangetype: modify\nreplace: pwdPolicySubentry\n\
             pwdPolicySubentry: cn=grace,cn=nsPwPolicyContainer,ou=people,dc=example,dc=test\n-\n\
             replace: passwordExpirationTime\npasswordExpirationTime: 20200101000000Z\n",
            server.dn(&name)
        ))
        .await;
    for left in [1, 0] {
        let warning = log_in(&backend, &name).await.unwrap().warning;
        assert_eq!(warning, Some(PasswordWarning::GraceLogins(left)));
    }
    let answer = log_in(&backend, &name).await;
    assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{answer:?}");
}

#[tokio::test]
async fn groups_are_told_by_the_entry_or_found() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({ "groups": "search" }));
    let alice = log_in(&backend, "alice").await.unwrap();
    assert_eq!(texts(&alice, "groups"), ["club", "inner", "staff"]);
    let nested = dirsrv(&server, json!({ "groups": "search", "nested_groups": true }));
    let alice = log_in(&nested, "alice").await.unwrap();
    assert_eq!(texts(&alice, "groups"), ["club", "inner", "middle", "outer", "staff"]);
    let carol = log_in(&nested, "carol").await.unwrap();
    assert_eq!(texts(&carol, "groups"), ["ring-a", "ring-b"]);
    // Its own `memberOf` names the groups of groups.
    let told = dirsrv(&server, json!({ "groups": "member-of", "required_group": "outer" }));
    let alice = log_in(&told, "alice").await.unwrap();
    assert_eq!(texts(&alice, "groups"), ["inner", "middle", "outer", "staff"]);
    assert_eq!(look_up(&told, &alice.subject).await.unwrap(), alice);
    let answer = log_in(&told, "nora").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_renamed_and_moved_person_is_the_same() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    let name = server.user("moves").await;
    let before = log_in(&backend, &name).await.unwrap();
    server
        .change(&format!(
            "dn: {}\nchangetype: modrdn\nnewrdn: uid={name}x\ndeleteoldrdn: 1\n\
             newsuperior: ou=alumni,dc=example,dc=test\n",
            server.dn(&name)
        ))
        .await;
    let after = log_in_with(&backend, &format!("{name}x"), &password_of(&name)).await.unwrap();
    assert_eq!(after.subject, before.subject);
    assert_eq!(look_up(&backend, &before.subject).await.unwrap(), after);
}

// LD4
#[tokio::test]
async fn passwords_are_changed_and_then_right() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    // An ordinary change, one after an administrator's, and one of a password that has expired.
    let (usual, reset, over) =
        (server.user("usual").await, server.newcomer("reset").await, server.user("over").await);
    server
        .change(&format!(
            "dn: {}\nchangetype: modify\nreplace: passwordExpirationTime\n\
             passwordExpirationTime: 20200101000000Z\n",
            server.dn(&over)
        ))
        .await;
    for name in [&reset, &over] {
        let answer = log_in(&backend, name).await;
        assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{name}: {answer:?}");
    }
    for name in [usual, reset, over] {
        change(&backend, &name, &password_of(&name), NEW).await.unwrap();
        log_in_with(&backend, &name, NEW).await.unwrap();
    }
}

#[tokio::test]
async fn the_policy_says_why_a_password_will_not_do() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    let (usual, reset) = (server.user("short").await, server.newcomer("short").await);
    for name in [&usual, &reset, "expired"] {
        let answer = change(&backend, name, &password_of(name), "K1!").await;
        let Err(NotChanged::Policy(words)) = answer else { panic!("{name}: {answer:?}") };
        assert_eq!(words, "Password must be at least 8 characters long", "{name}");
    }
    log_in(&backend, &usual).await.unwrap();
}

// LD4
#[tokio::test]
async fn a_closed_account_is_not_opened_by_a_change() {
    let server = Dirsrv::shared();
    let backend = dirsrv(&server, json!({}));
    let name = server.user("closed").await;
    let dn = server.dn(&name);
    server.modify(&dn, &["add: nsAccountLock", "nsAccountLock: true"]).await;
    for name in ["locked", &name] {
        let answer = change(&backend, name, &password_of(name), NEW).await;
        assert!(
            matches!(
                answer,
                Err(NotChanged::Refused(Refusal::Locked { .. } | Refusal::Disabled { .. }))
            ),
            "{name}: {answer:?}"
        );
    }
    // Opened by an administrator, it has the password that it had.
    server.modify(&dn, &["delete: nsAccountLock"]).await;
    assert!(server.accepts(&dn, &password_of(&name)).await);
}
