//! Changes of passwords in Active Directory.

use serde_json::json;
use vestibule_counterparts::{Samba, password_of};
use vestibule_plugin::{Backend, NotChanged, Refusal};

use crate::open::{change, log_in, log_in_with, samba};

const NEW: &str = "another-Passw0rd-Zürn";

#[tokio::test]
async fn a_person_changes_the_password() {
    let server = Samba::shared();
    for more in [
        json!({}),
        json!({ "bind_as": "{username}@ad.test", "bind_dn": null, "bind_password": null }),
    ] {
        let backend = samba(&server, more);
        let name = server.user("changes", &[]).await;
        change(&backend, &name, &password_of(&name), NEW).await.unwrap();
        log_in_with(&backend, &name, NEW).await.unwrap();
    }
}

// LD4
#[tokio::test]
async fn a_password_that_must_be_changed_is_changed_and_then_right() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let name = server.user("must", &["--must-change-at-next-login"]).await;
    change(&backend, &name, &password_of(&name), NEW).await.unwrap();
    // The old one stays right for an hour, too: that is how domain controllers catch up.
    log_in_with(&backend, &name, NEW).await.unwrap();
}

// LD4
#[tokio::test]
async fn a_closed_account_is_not_opened_by_a_change() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let (disabled, ended) = (server.user("disabled", &[]).await, server.user("ended", &[]).await);
    server.tool(&["user", "disable", &disabled]).await;
    server.tool(&["user", "setexpiry", &ended, "--days=0"]).await;
    for name in [&disabled, &ended, "locked"] {
        let answer = change(&backend, name, &password_of(name), NEW).await;
        assert!(
            matches!(
                answer,
                Err(NotChanged::Refused(
                    Refusal::Disabled { .. } | Refusal::Expired { .. } | Refusal::Locked { .. }
                ))
            ),
            "{name}: {answer:?}"
        );
        // The password is the old one.
        let answer = log_in_with(&backend, name, NEW).await;
        assert!(
            matches!(answer, Err(Refusal::WrongCredentials(_) | Refusal::Locked { .. })),
            "{name}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn the_policy_says_why_a_password_will_not_do() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let must = server.user("must", &["--must-change-at-next-login"]).await;
    for name in ["expired", &must] {
        for (new, part) in [("K1!", "too short"), ("aaaaaaaaaaaa", "complexity")] {
            let answer = change(&backend, name, &password_of(name), new).await;
            let Err(NotChanged::Policy(words)) = answer else { panic!("{name}: {answer:?}") };
            assert!(words.contains(part), "{words}");
        }
        let answer = log_in(&backend, name).await;
        assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_wrong_present_password_changes_nothing() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let name = server.user("keeps", &[]).await;
    let answer = change(&backend, &name, "not the password", NEW).await;
    assert!(
        matches!(answer, Err(NotChanged::Refused(Refusal::WrongCredentials(Some(_))))),
        "{answer:?}"
    );
    log_in(&backend, &name).await.unwrap();
}

#[tokio::test]
async fn no_password_is_changed_in_the_open() {
    let server = Samba::shared();
    let plain = json!({ "url": server.url(), "security": "plaintext", "ca": null });
    let backend = samba(&server, plain);
    // Before the first answer nobody knows what kind of directory it is.
    assert!(backend.password_change().is_some());
    // A domain controller refuses the password of the service account on such a connection.
    let answer = log_in(&backend, "alice").await;
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{answer:?}");
    // It tells everybody what it is; then nobody is asked for a new password.
    let plain = json!({
        "url": server.url(), "security": "plaintext", "ca": null, "bind_dn": null,
        "bind_password": null,
    });
    let backend = samba(&server, plain);
    let answer = log_in(&backend, "alice").await;
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{answer:?}");
    assert!(backend.password_change().is_none());
}
