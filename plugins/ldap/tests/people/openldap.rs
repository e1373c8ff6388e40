//! Every state that an account of OpenLDAP can be in.

use std::time::Duration;

use serde_json::json;
use vestibule_counterparts::{Setup, Slapd, password_of};
use vestibule_plugin::conformance::{Known, password_backend};
use vestibule_plugin::{Backend, PasswordWarning, Refusal, Subject, Value};

use crate::log::Log;
use crate::open::{log_in, log_in_with, look_up, slapd, slapd_with, texts};

const ALICE: &str = "alice";

#[tokio::test]
async fn openldap_keeps_the_contract() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    let password = password_of(ALICE);
    let known = Known { username: ALICE, password: &password, attributes: &["mail", "cn"] };
    // Wrong passwords lock the account, and are tried on somebody else.
    server.change("dn: cn=default,ou=policies,dc=example,dc=test\nchangetype: modify\nreplace: pwdMaxFailure\npwdMaxFailure: 20\n").await;
    password_backend(&backend, known).await;
    assert!(backend.tells_unknown());
}

#[tokio::test]
async fn a_login_is_a_search_and_a_bind_on_connections_that_are_there() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "groups": "member-of" }));
    log_in(&backend, ALICE).await.unwrap();
    server.forget_log();
    log_in(&backend, "bob").await.unwrap();
    assert_eq!((server.operations(), server.connections()), (2, 0), "{}", server.log());
}

#[tokio::test]
async fn a_directory_that_was_down_at_first_is_asked_again_what_it_is() {
    let mut server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    server.stop().await;
    let answer = log_in(&backend, ALICE).await;
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{answer:?}");
    server.restart().await;
    let back = async {
        while log_in(&backend, ALICE).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
}

/// The subject of somebody, as the directory keeps it.
async fn subject(server: &Slapd, name: &str) -> Subject {
    let uuid = server.values(&server.dn(name), "entryUUID").await;
    Subject::parse(uuid[0].as_str()).unwrap()
}

#[tokio::test]
async fn a_locked_account_is_locked_for_logins_and_look_ups() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for name in ["locked", "barred", "ended"] {
        let who = subject(&server, name).await;
        // slapd refuses before it looks at the password.
        for password in [password_of(name), "not the password".to_owned()] {
            let answer = log_in_with(&backend, name, &password).await;
            let Err(Refusal::Locked { proved: false, subject }) = answer else {
                panic!("{name}: {answer:?}");
            };
            assert_eq!(subject.as_ref(), Some(&who));
        }
        let answer = look_up(&backend, &who).await;
        assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn an_account_is_locked_by_wrong_passwords_and_opened_by_its_policy() {
    let policy = "dn: cn=brief,ou=policies,dc=example,dc=test\nobjectClass: organizationalRole\nobjectClass: pwdPolicy\ncn: brief\npwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 2\npwdLockoutDuration: 1\n\n";
    let server = Slapd::with(Setup::default().entries(policy)).await;
    server.change("dn: uid=alice,ou=people,dc=example,dc=test\nchangetype: modify\nadd: pwdPolicySubentry\npwdPolicySubentry: cn=brief,ou=policies,dc=example,dc=test\n").await;
    let backend = slapd(&server, json!({}));
    let who = subject(&server, ALICE).await;
    for _ in 0..2 {
        let answer = log_in_with(&backend, ALICE, "not the password").await;
        assert!(matches!(answer, Err(Refusal::WrongCredentials(Some(_)))), "{answer:?}");
    }
    let answer = log_in(&backend, ALICE).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
    let answer = look_up(&backend, &who).await;
    assert!(matches!(answer, Err(Refusal::Locked { .. })), "{answer:?}");
    // The time of the lock stays on the entry; the lock is over all the same.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    let looked_up = look_up(&backend, &who).await.unwrap();
    assert!(!server.values(&server.dn(ALICE), "pwdAccountLockedTime").await.is_empty());
    assert_eq!(log_in(&backend, ALICE).await.unwrap(), looked_up);
}

#[tokio::test]
async fn a_lock_under_the_default_policy_ends_if_that_is_told() {
    let server = Slapd::start().await;
    server.change("dn: cn=default,ou=policies,dc=example,dc=test\nchangetype: modify\nreplace: pwdMaxFailure\npwdMaxFailure: 1\n-\nreplace: pwdLockoutDuration\npwdLockoutDuration: 1\n").await;
    let who = subject(&server, ALICE).await;
    let untold = slapd(&server, json!({}));
    let told =
        slapd(&server, json!({ "password_policy": "cn=default,ou=policies,dc=example,dc=test" }));
    let answer = log_in_with(&told, ALICE, "not the password").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(Some(_)))), "{answer:?}");
    let answer = look_up(&told, &who).await;
    assert!(matches!(answer, Err(Refusal::Locked { .. })), "{answer:?}");
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(look_up(&told, &who).await.unwrap().subject, who);
    let answer = look_up(&untold, &who).await;
    assert!(matches!(answer, Err(Refusal::Locked { .. })), "{answer:?}");
}

#[tokio::test]
async fn an_expired_password_is_told_to_whoever_has_it() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    let answer = log_in(&backend, "expired").await;
    assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{answer:?}");
    let answer = log_in_with(&backend, "expired", "not the password").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(Some(_)))), "{answer:?}");
    // The account is open: only the next login is stopped.
    let who = subject(&server, "expired").await;
    assert!(look_up(&backend, &who).await.is_ok());
}

#[tokio::test]
async fn a_bind_that_only_allows_a_change_is_not_a_login() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    assert!(server.accepts(&server.dn("alice"), &password_of("alice")).await);
    let answer = log_in(&backend, "must-change").await;
    assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{answer:?}");
}

#[tokio::test]
async fn grace_logins_and_near_ends_are_warnings() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    let warning = log_in(&backend, "grace").await.unwrap().warning;
    assert_eq!(warning, Some(PasswordWarning::GraceLogins(1)));
    let warning = log_in(&backend, "grace").await.unwrap().warning;
    assert_eq!(warning, Some(PasswordWarning::GraceLogins(0)));
    let answer = log_in(&backend, "grace").await;
    assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{answer:?}");
    match log_in(&backend, "expiring").await.unwrap().warning {
        Some(PasswordWarning::Expires(time)) => {
            let day = 86_400;
            assert!((2 * day..=3 * day).contains(&time.as_secs()), "{time:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(log_in(&backend, ALICE).await.unwrap().warning, None);
}

#[tokio::test]
async fn warnings_are_told_to_the_operator() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.clone());
    for name in ["grace", "expiring", ALICE] {
        log_in(&backend, name).await.unwrap();
    }
    let lines = log.lines();
    let told = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!(told("a password has expired, and few logins are left"), 1, "{lines:?}");
    assert_eq!(told("a password expires soon"), 1, "{lines:?}");
    assert_eq!(told("left=1"), 1, "{lines:?}");
    assert_eq!(told("Passw0rd"), 0, "{lines:?}");
}

#[tokio::test]
async fn nobody_in_particular_may_search_where_everybody_may() {
    let server = Slapd::with(Setup::default().anonymous()).await;
    let backend = slapd(&server, json!({ "bind_dn": null, "bind_password": null }));
    let alice = log_in(&backend, ALICE).await.unwrap();
    assert_eq!(look_up(&backend, &alice.subject).await.unwrap(), alice);
}

#[tokio::test]
async fn attributes_are_told_as_they_were_asked_for() {
    let server = Slapd::start().await;
    let asked = ["GIVENNAME", "jpegPhoto", "entryUUID", "createTimestamp", "dn", "telexNumber"];
    let backend = slapd_with(&server, json!({}), &asked);
    let identity = log_in(&backend, ALICE).await.unwrap();
    let names: Vec<&str> = identity.attributes.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["GIVENNAME", "createTimestamp", "dn", "entryUUID", "jpegPhoto"]);
    assert_eq!(texts(&identity, "dn"), [server.dn(ALICE)]);
    assert_eq!(texts(&identity, "entryUUID"), [identity.subject.as_str()]);
    let Some(Value::Binary(photo)) = identity.attributes.first("jpegPhoto") else {
        panic!("{:?}", identity.attributes);
    };
    assert!(photo.starts_with(b"\xff\xd8\xff\xe0"), "{photo:?}");
    assert_eq!(look_up(&backend, &identity.subject).await.unwrap(), identity);
}

#[tokio::test]
async fn two_people_of_one_name_are_a_fault_and_not_a_guess() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "filter": "(|(uid={username})(sn={username}))" }));
    server.change("dn: uid=bob,ou=people,dc=example,dc=test\nchangetype: modify\nreplace: sn\nsn: alice\n").await;
    let Err(Refusal::Unavailable(fault)) = log_in(&backend, ALICE).await else { panic!() };
    let fault = fault.to_string();
    assert!(fault.contains("(|(uid=alice)(sn=alice))"), "{fault}");
    assert!(fault.contains("uid=bob,ou=people"), "{fault}");
}

#[tokio::test]
async fn a_filter_without_parentheses_finds_people_again() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "filter": "uid={username}" }));
    let alice = log_in(&backend, ALICE).await.unwrap();
    assert_eq!(look_up(&backend, &alice.subject).await.unwrap(), alice);
}

#[tokio::test]
async fn an_entry_without_a_password_lets_nobody_in() {
    let server = Slapd::start().await;
    let groups = json!({ "base": "ou=groups,dc=example,dc=test", "filter": "(cn={username})" });
    let answer = log_in(&slapd(&server, groups), "staff").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(Some(_)))), "{answer:?}");
}

#[tokio::test]
async fn a_lost_right_to_read_the_subject_is_a_fault() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "subject": "employeeNumber" }));
    assert_eq!(log_in(&backend, ALICE).await.unwrap().subject.as_str(), "1001");
    let answer = log_in(&backend, "bob").await;
    let Err(Refusal::Unavailable(fault)) = answer else { panic!("{answer:?}") };
    assert!(fault.to_string().contains("`employeeNumber`"), "{fault}");
}
