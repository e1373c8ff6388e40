//! People who are renamed, moved and taken out.

use serde_json::json;
use vestibule_counterparts::{Slapd, password_of};
use vestibule_plugin::Refusal;

use crate::open::{log_in, log_in_with, look_up, slapd};

#[tokio::test]
async fn a_renamed_and_moved_person_is_the_same() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "base": "dc=example,dc=test", "groups": "search" }));
    let before = log_in(&backend, "alice").await.unwrap();
    server
        .change("dn: uid=alice,ou=people,dc=example,dc=test\nchangetype: modrdn\nnewrdn: uid=alicia\ndeleteoldrdn: 1\nnewsuperior: ou=alumni,dc=example,dc=test\n")
        .await;
    let after = log_in_with(&backend, "alicia", &password_of("alice")).await.unwrap();
    assert_eq!(after.subject, before.subject);
    assert_eq!(look_up(&backend, &before.subject).await.unwrap(), after);
    let answer = log_in(&backend, "alice").await;
    assert!(matches!(answer, Err(Refusal::Unknown)), "{answer:?}");
}

#[tokio::test]
async fn whoever_gets_a_name_does_not_get_the_person() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    let before = log_in(&backend, "nora").await.unwrap();
    let dn = "dn: uid=nora,ou=people,dc=example,dc=test";
    server.change(&format!("{dn}\nchangetype: delete\n")).await;
    let answer = look_up(&backend, &before.subject).await;
    assert!(matches!(answer, Err(Refusal::Unknown)), "{answer:?}");
    server.change(&format!("{dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: nora\ncn: Another\nsn: Nora\nuserPassword: {}\n", password_of("nora"))).await;
    let after = log_in(&backend, "nora").await.unwrap();
    assert_ne!(after.subject, before.subject);
}

// RT4
#[tokio::test]
async fn whoever_leaves_the_filter_is_unknown_at_look_ups_too() {
    let server = Slapd::start().await;
    let filter = "(&(uid={username})(employeeNumber=*))";
    let backend = slapd(&server, json!({ "filter": filter }));
    let alice = log_in(&backend, "alice").await.unwrap();
    server.change("dn: uid=alice,ou=people,dc=example,dc=test\nchangetype: modify\ndelete: employeeNumber\n").await;
    assert!(matches!(log_in(&backend, "alice").await, Err(Refusal::Unknown)));
    assert!(matches!(look_up(&backend, &alice.subject).await, Err(Refusal::Unknown)));
}
