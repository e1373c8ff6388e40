//! Binding by `alice@ad.test` and `AD\alice`.

use serde_json::json;
use vestibule_counterparts::{Samba, password_of};
use vestibule_plugin::{Backend, Refusal};

use crate::open::{change, log_in, log_in_with, look_up, samba};

#[tokio::test]
async fn a_person_binds_by_the_names_of_windows() {
    let server = Samba::shared();
    let searched = log_in(&samba(&server, json!({})), "alice").await.unwrap();
    for template in ["{local}@ad.test", r"AD\{local}", "CN={local},CN=Users,DC=ad,DC=test"] {
        let alone = json!({ "bind_as": template, "bind_dn": null, "bind_password": null });
        let backend = samba(&server, alone);
        assert_eq!(log_in(&backend, "alice").await.unwrap(), searched, "{template}");
        assert!(backend.directory().is_none());
        let read = samba(&server, json!({ "bind_as": template }));
        assert_eq!(log_in(&read, "alice").await.unwrap(), searched, "{template}");
        assert_eq!(look_up(&read, &searched.subject).await.unwrap(), searched, "{template}");
        let answer = log_in_with(&backend, "nobody", &password_of("alice")).await;
        assert!(matches!(answer, Err(Refusal::WrongCredentials(None))), "{template}: {answer:?}");
        let answer = log_in(&backend, "disabled").await;
        assert!(
            matches!(answer, Err(Refusal::Disabled { proved: true, subject: None })),
            "{template}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn whoever_has_bound_is_read_and_changed_by_whatever_name_they_came() {
    let server = Samba::shared();
    let alone = json!({ "bind_as": "{username}@ad.test", "bind_dn": null, "bind_password": null });
    let backend = samba(&server, alone);
    let name = server.user("named", &[]).await;
    let (password, other) = (password_of(&name), format!("not-{name}"));
    let upn = format!("userPrincipalName: {other}@ad.test");
    server.modify(&server.dn(&name), &["replace: userPrincipalName", &upn]).await;
    let searched = log_in(&samba(&server, json!({})), &name).await.unwrap();
    // No attribute has the name that was typed.
    assert_eq!(log_in_with(&backend, &other, &password).await.unwrap(), searched);
    change(&backend, &other, &password, "another-Passw0rd-77").await.unwrap();
    assert_eq!(log_in_with(&backend, &other, "another-Passw0rd-77").await.unwrap(), searched);
}

#[tokio::test]
async fn whoever_has_bound_is_not_taken_for_another() {
    let server = Samba::shared();
    // Whatever was typed, the filter finds Tessa.
    let filter = "(&(sAMAccountName=tessa)(!(cn={username})))";
    let backend = samba(&server, json!({ "bind_as": "{username}@ad.test", "filter": filter }));
    let answer = log_in(&backend, "nora").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, subject: None })), "{answer:?}");
}
