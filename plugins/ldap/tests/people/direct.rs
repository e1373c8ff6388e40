//! Binding by a template, without a search before it.

use serde_json::json;
use vestibule_counterparts::{Setup, Slapd, password_of};
use vestibule_plugin::conformance::Known;
use vestibule_plugin::conformance::a_wrong_password_is_refused;
use vestibule_plugin::{Backend, Refusal};

use crate::open::{change, log_in, log_in_with, look_up, slapd, texts};
use crate::rehearsal::rehearse;

const TEMPLATE: &str = "uid={username},ou=people,dc=example,dc=test";

#[tokio::test]
async fn a_person_binds_by_a_template_and_reads_the_own_entry() {
    let server = Slapd::start().await;
    let alone = json!({ "bind_as": TEMPLATE, "bind_dn": null, "bind_password": null });
    let backend = slapd(&server, alone);
    let alice = log_in(&backend, "alice").await.unwrap();
    assert_eq!(texts(&alice, "mail"), ["alice@example.test"]);
    assert!(backend.directory().is_none(), "nobody may search");
    assert!(!backend.tells_unknown());
    assert!(server.binds().iter().all(|dn| dn.is_empty() || dn.starts_with("uid=alice,")));
}

#[tokio::test]
async fn a_directory_that_tells_strangers_nothing_tells_whoever_has_bound() {
    let server = Slapd::with(Setup::default().server("require authc\n")).await;
    let alone = json!({ "bind_as": TEMPLATE, "bind_dn": null, "bind_password": null });
    let backend = slapd(&server, alone);
    // What it is has not been told yet.
    let answer = log_in_with(&backend, "alice", "not the password").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(None))), "{answer:?}");
    let alice = log_in(&backend, "alice").await.unwrap();
    assert_eq!(texts(&alice, "mail"), ["alice@example.test"]);
    let password = password_of("alice");
    let rehearsed = rehearse(&backend, "alice", Some(&password)).await;
    assert_eq!(rehearsed.outcome.unwrap(), alice);
    change(&backend, "alice", &password, "another-Passw0rd").await.unwrap();
}

#[tokio::test]
async fn an_unknown_name_looks_like_a_wrong_password() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "bind_as": TEMPLATE }));
    let alice = log_in(&backend, "alice").await.unwrap();
    // Each of them escaped: none ends the value, and none is another entry.
    for name in ["nobody", "*", "alice,ou=people", "alice+cn=x", "#616c696365", "\\"] {
        let answer = log_in_with(&backend, name, &password_of("alice")).await;
        assert!(matches!(answer, Err(Refusal::WrongCredentials(None))), "{name}: {answer:?}");
    }
    let password = password_of("bob");
    let known = Known { username: "bob", password: &password, attributes: &[] };
    server.change("dn: cn=default,ou=policies,dc=example,dc=test\nchangetype: modify\nreplace: pwdLockout\npwdLockout: FALSE\n").await;
    let bob = log_in(&backend, "bob").await.unwrap();
    a_wrong_password_is_refused(&backend, known, &bob.subject).await;
    // The service account reads for both, so that both tell the same.
    assert_eq!(look_up(&backend, &alice.subject).await.unwrap(), alice);
}

// LD1
#[tokio::test]
async fn nobody_binds_without_a_name() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "bind_as": "{local}" }));
    backend.health().await.unwrap();
    server.forget_log();
    let answer = log_in_with(&backend, "@example.test", "x").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(None))), "{answer:?}");
    assert!(server.binds().iter().all(|dn| dn == Slapd::SERVICE_DN), "{:?}", server.binds());
}

#[tokio::test]
async fn states_are_told_without_a_search_too() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "bind_as": TEMPLATE }));
    let answer = log_in(&backend, "locked").await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, subject: None })), "{answer:?}");
    for name in ["expired", "must-change"] {
        let answer = log_in(&backend, name).await;
        assert!(matches!(answer, Err(Refusal::PasswordExpired(_))), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn whoever_binds_and_does_not_fit_the_filter_is_out() {
    let server = Slapd::start().await;
    let filter = "(&(uid={username})(givenName=Alice))";
    let backend = slapd(&server, json!({ "bind_as": TEMPLATE, "filter": filter }));
    assert!(log_in(&backend, "alice").await.is_ok());
    let answer = log_in(&backend, "bob").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_name_that_is_no_dn_needs_active_directory() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "bind_as": "{username}@example.test" }));
    let answer = log_in(&backend, "alice").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(None))), "{answer:?}");
}

#[tokio::test]
async fn whoever_binds_by_a_dn_needs_no_name_for_a_search() {
    let server = Slapd::start().await;
    // The service account has no `uid`.
    let options =
        json!({ "bind_as": "cn={username},dc=example,dc=test", "base": "dc=example,dc=test" });
    let backend = slapd(&server, options);
    let svc = log_in_with(&backend, "svc", Slapd::SERVICE_PASSWORD).await.unwrap();
    assert_eq!(look_up(&backend, &svc.subject).await.unwrap(), svc);
    let outside = json!({ "bind_as": "cn={username},dc=example,dc=test" });
    let answer = log_in_with(&slapd(&server, outside), "svc", Slapd::SERVICE_PASSWORD).await;
    let Err(Refusal::Unavailable(fault)) = answer else { panic!("{answer:?}") };
    assert!(fault.to_string().contains("not below `base`"), "{fault}");
}
