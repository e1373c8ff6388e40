//! The administrators' own door.

use std::time::{Duration, Instant};

use super::super::Refused;
use super::super::fixture::{NOW, STEP, Scene, settings};
use super::super::{BackendSettings, Identities, names::normalise};
use serde_json::json;
use vestibule_plugin::Password;

async fn with_root() -> (Scene, Identities) {
    let scene = Scene::new().await;
    let mut settings = settings();
    settings.backends = vec![BackendSettings {
        name: "people".to_owned(),
        kind: "database".to_owned(),
        usernames: Vec::new(),
        patience: Duration::from_secs(5),
        attempts: None,
        claims: serde_json::Map::new(),
        options: json!({ "hash_memory": 8, "hash_passes": 1 }).as_object().unwrap().clone(),
    }];
    let storage = &scene.scratch.storage;
    let identities =
        Identities::open(&settings, storage, &super::super::fixture::sealer()).unwrap();
    let password = Password::parse("right".to_owned()).unwrap();
    identities.put_administrator(&normalise("root").unwrap(), &password, NOW).await.unwrap();
    (scene, identities)
}

async fn log_in(identities: &Identities, name: &str, password: &str) -> Result<String, Refused> {
    let name = identities.administrator_log_in(name, password.to_owned(), NOW).await?;
    Ok(name.to_string())
}

#[tokio::test]
async fn an_administrator_signs_in_by_their_own_door_only() {
    let (_scene, identities) = with_root().await;
    assert_eq!(log_in(&identities, "Root", "right").await.unwrap(), "root");
    for (name, password) in [("root", "guess"), ("root", ""), ("nobody", "right"), ("", "right")] {
        let began = Instant::now();
        let outcome = log_in(&identities, name, password).await;
        assert!(matches!(outcome, Err(Refused::Wrong)), "{name} {password}");
        assert!(began.elapsed() >= STEP);
    }
    let attempt = super::super::Attempt {
        username: "root",
        password: "right".to_owned(),
        address: [192, 0, 2, 1].into(),
        known: None,
        now: NOW,
    };
    assert!(matches!(identities.log_in(attempt).await, Err(Refused::Wrong)));
}

#[tokio::test]
async fn guesses_delay_an_administrator_and_never_shut_them_out() {
    let (_scene, identities) = with_root().await;
    for _ in 0..4 {
        assert!(log_in(&identities, "root", "guess").await.is_err());
    }
    let began = Instant::now();
    assert_eq!(log_in(&identities, "root", "right").await.unwrap(), "root");
    assert!(began.elapsed() >= Duration::from_millis(500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one() {
    let (_scene, identities) = with_root().await;
    let password = Password::parse("another".to_owned()).unwrap();
    identities.put_administrator(&normalise("root").unwrap(), &password, NOW).await.unwrap();
    assert!(log_in(&identities, "root", "right").await.is_err());
    assert!(log_in(&identities, "root", "another").await.is_ok());
}
