//! Backends as they are configured, and the one that ships with us from end to end.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_plugin::{Attributes, Password};

use super::super::fixture::{NOW, Scene, Source, sealer, settings};
use super::super::names::normalise;
use super::super::people::{self, NewPerson};
use super::super::{Attempt, BackendSettings, Identities, Misconfigured, Refused, Settings, State};
use crate::storage::scratch::{Scratch, on_each_database, sqlite};

fn backend(options: &Value) -> BackendSettings {
    BackendSettings {
        name: "people".to_owned(),
        kind: "database".to_owned(),
        usernames: Vec::new(),
        patience: Duration::from_secs(5),
        attempts: None,
        claims: serde_json::Map::new(),
        options: options.as_object().unwrap().clone(),
    }
}

fn with(backends: Vec<BackendSettings>) -> Settings {
    Settings { backends, ..settings() }
}

async fn refused(backends: Vec<BackendSettings>) -> String {
    let scratch: Scratch = sqlite().await;
    let refused: Option<Misconfigured> =
        Identities::open(&with(backends), &scratch.storage, &sealer()).err();
    refused.unwrap().to_string()
}

#[tokio::test]
async fn what_no_plugin_knows_is_refused_with_the_nearest_that_is_known() {
    let unknown = BackendSettings { kind: "databse".to_owned(), ..backend(&json!({})) };
    let told = refused(vec![unknown]).await;
    let expected = "the backend `people`: the type `databse` is not known; did you mean `database`? There are: \
                    `database`";
    assert!(told.starts_with(expected), "{told}");
    let unknown = BackendSettings { kind: "kerberos".to_owned(), ..backend(&json!({})) };
    let told = refused(vec![unknown]).await;
    let expected = "the backend `people`: the type `kerberos` is not known; there are: `database`";
    assert!(told.starts_with(expected), "{told}");
    assert_eq!(
        refused(vec![backend(&json!({ "hash_memroy": 1 }))]).await,
        "the backend `people`: the option `hash_memroy` is not known; did you mean `hash_memory`? \
         There are: `hash_memory`, `hash_passes`, `hash_lanes`, `hash_workers`, `hash_queue`"
    );
    assert_eq!(
        refused(vec![backend(&json!({ "hash_memory": 1 }))]).await,
        "the backend `people`: `hash_memory` must be a number from 8 to 1048576"
    );
}

#[tokio::test]
async fn names_and_claims_that_cannot_be_meant_are_refused() {
    let everybody = BackendSettings { usernames: vec!["*".to_owned()], ..backend(&json!({})) };
    assert!(refused(vec![everybody]).await.contains("`usernames` has `*`"));

    let claims = json!({ "sub": "id" }).as_object().unwrap().clone();
    let own_sub = BackendSettings { claims, ..backend(&json!({})) };
    assert!(refused(vec![own_sub]).await.contains("the claim `sub` is the provider's own"));

    let owns = |name: &str| BackendSettings {
        name: name.to_owned(),
        usernames: vec!["*@corp.example".to_owned()],
        ..backend(&json!({}))
    };
    assert_eq!(
        refused(vec![owns("a"), owns("b")]).await,
        "the backends `a` and `b` claim the same `usernames`; give each name to one of them"
    );
    assert_eq!(
        refused(vec![owns("a"), owns("a")]).await,
        "the backend `a`: there are two of this name; accounts are tied to it"
    );
}

on_each_database! {
    a_person_of_our_own_table_logs_in_and_is_shut_out
    two_first_logins_at_once_make_one_account
}

// LK1
async fn a_person_of_our_own_table_logs_in_and_is_shut_out(scratch: Scratch) {
    let backends = vec![backend(&json!({ "hash_memory": 8, "hash_passes": 1 }))];
    let people = people::open("people", &backends[0].options, &scratch.storage).unwrap();
    let identities = Identities::open(&with(backends), &scratch.storage, &sealer()).unwrap();

    let attributes: Attributes = [
        ("given_name", "Alice"),
        ("email", "alice@example.com"),
        ("email_verified", "true"),
        ("address.country", "Wonderland"),
        ("groups", "staff"),
        ("groups", "ops"),
    ]
    .into_iter()
    .collect();
    let alice = normalise("Alice").unwrap();
    let password = Password::parse("wonderland-1".to_owned()).unwrap();
    let new =
        NewPerson { id: "p-1", username: &alice, password: &password, attributes: &attributes };
    people.add(new, NOW.millis()).await.unwrap();

    let log_in = |password: &str| {
        identities.log_in(Attempt {
            username: "ALICE",
            password: password.to_owned(),
            address: [192, 0, 2, 1].into(),
            known: None,
            now: NOW,
        })
    };
    assert!(matches!(log_in("guess").await, Err(Refused::Wrong)));
    let account = log_in("wonderland-1").await.unwrap().account;
    assert_eq!(
        Value::Object(identities.claims(&account).unwrap()),
        json!({
            "preferred_username": "alice",
            "given_name": "Alice",
            "email": "alice@example.com",
            "email_verified": true,
            "address": { "country": "Wonderland" },
            "groups": ["staff", "ops"],
            "updated_at": NOW.seconds(),
        })
    );
    let health = identities.health().await;
    assert!(matches!(health.as_slice(), [("people", Ok(()))]));
    assert_eq!(identities.redirects().count(), 0);

    people.disable(&alice, NOW.millis()).await.unwrap();
    let closed = log_in("wonderland-1").await;
    assert!(matches!(closed, Err(Refused::Closed(State::Disabled))));
}

async fn two_first_logins_at_once_make_one_account(scratch: Scratch) {
    let scene = Scene::on(scratch, Source::new(true));
    scene.source.add(&["alice"], "s-1");
    let (one, two) = tokio::join!(scene.log_in("alice", "right"), scene.log_in("alice", "right"));
    let (one, two) = (one.unwrap().account, two.unwrap().account);
    assert_eq!((&one.id, &one.sub), (&two.id, &two.sub));
    assert!(scene.identities.claims(&one).is_ok() && scene.identities.claims(&two).is_ok());
}
