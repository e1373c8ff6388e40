//! Changes of passwords in OpenLDAP.

use serde_json::json;
use vestibule_counterparts::{Setup, Slapd, password_of};
use vestibule_plugin::{Backend, NotChanged, Refusal};

use crate::log::Log;
use crate::open::{change, log_in, log_in_with, slapd};

const NEW: &str = "another-Passw0rd";

#[tokio::test]
async fn a_person_changes_the_password() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    change(&backend, "alice", &password_of("alice"), NEW).await.unwrap();
    let answer = log_in(&backend, "alice").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(_))), "{answer:?}");
    log_in_with(&backend, "alice", NEW).await.unwrap();
}

// LD4
#[tokio::test]
async fn a_password_that_must_be_changed_is_changed_and_then_right() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for name in ["must-change", "expired"] {
        change(&backend, name, &password_of(name), NEW).await.unwrap();
        log_in_with(&backend, name, NEW).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_by_the_service_account_does_not_count_as_a_reset() {
    let policy = "dn: cn=strict,ou=policies,dc=example,dc=test\nobjectClass: organizationalRole\nobjectClass: pwdPolicy\ncn: strict\npwdAttribute: userPassword\npwdMaxAge: 86400\npwdMustChange: TRUE\npwdInHistory: 3\n\n";
    let server = Slapd::with(Setup::default().entries(policy)).await;
    server.change("dn: uid=expired,ou=people,dc=example,dc=test\nchangetype: modify\nreplace: pwdPolicySubentry\npwdPolicySubentry: cn=strict,ou=policies,dc=example,dc=test\n").await;
    let backend = slapd(&server, json!({}));
    change(&backend, "expired", &password_of("expired"), NEW).await.unwrap();
    log_in_with(&backend, "expired", NEW).await.unwrap();
}

#[tokio::test]
async fn a_change_needs_no_more_than_one_connection() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "connections": 1 }));
    let log = Log::default();
    let _listening = tracing::subscriber::set_default(log.clone());
    change(&backend, "expired", &password_of("expired"), NEW).await.unwrap();
    // It has waited for no second one.
    let waits = |line: &&String| line.contains("must be changed again is unknown");
    assert_eq!(log.lines().iter().find(waits), None);
    log_in_with(&backend, "expired", NEW).await.unwrap();
}

// LD4
#[tokio::test]
async fn a_closed_account_is_not_opened_by_a_change() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for name in ["locked", "barred", "ended"] {
        let answer = change(&backend, name, &password_of(name), NEW).await;
        assert!(
            matches!(answer, Err(NotChanged::Refused(Refusal::Locked { .. }))),
            "{name}: {answer:?}"
        );
        let answer = log_in_with(&backend, name, NEW).await;
        assert!(matches!(answer, Err(Refusal::Locked { .. })), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn nobody_changes_a_password_they_do_not_know() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for name in ["alice", "expired", "must-change"] {
        let answer = change(&backend, name, "not the password", NEW).await;
        assert!(
            matches!(answer, Err(NotChanged::Refused(Refusal::WrongCredentials(Some(_))))),
            "{name}: {answer:?}"
        );
    }
    let answer = change(&backend, "nobody", "not the password", NEW).await;
    assert!(matches!(answer, Err(NotChanged::Refused(Refusal::Unknown))), "{answer:?}");
}

#[tokio::test]
async fn the_policy_says_why_a_password_will_not_do() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for name in ["alice", "must-change", "expired"] {
        let answer = change(&backend, name, &password_of(name), "Kurz1!").await;
        let Err(NotChanged::Policy(words)) = answer else { panic!("{name}: {answer:?}") };
        assert_eq!(words, "The new password is too short.", "{name}");
    }
    let current = password_of("alice");
    let answer = change(&backend, "alice", &current, &current).await;
    let Err(NotChanged::Policy(words)) = answer else { panic!("{answer:?}") };
    assert_eq!(words, "The new password has been used before.");
}

#[tokio::test]
async fn a_person_who_binds_by_a_template_changes_the_password_too() {
    let server = Slapd::start().await;
    let template = "uid={username},ou=people,dc=example,dc=test";
    let alone = json!({ "bind_as": template, "bind_dn": null, "bind_password": null });
    let backend = slapd(&server, alone);
    for name in ["alice", "must-change"] {
        change(&backend, name, &password_of(name), NEW).await.unwrap();
        log_in_with(&backend, name, NEW).await.unwrap();
    }
    // Whose password has expired cannot bind, and nobody is there to do it for them.
    let answer = change(&backend, "expired", &password_of("expired"), NEW).await;
    let Err(NotChanged::Refused(Refusal::Unavailable(fault))) = answer else {
        panic!("{answer:?}")
    };
    assert!(fault.to_string().contains("`bind_dn`"), "{fault}");
}

#[tokio::test]
async fn a_change_can_be_switched_off() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "password_change": false }));
    assert!(backend.password_change().is_none());
}
