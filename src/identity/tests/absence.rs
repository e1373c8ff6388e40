//! People who change, who are shut out and who vanish, and directories that only seem to lose them.

use std::time::Duration;

use super::super::fixture::{Mood, NOW, Scene, Source};
use super::super::{Absent, State};
use crate::protocol::Timestamp;
use crate::storage::{account, accounts, session, sessions};

const MINUTE: Duration = Duration::from_secs(60);

async fn account_of(scene: &Scene, name: &str) -> account::Model {
    scene.source.add(&[name], &format!("s-{name}"));
    scene.log_in(name, "right").await.unwrap().account
}

async fn current(
    scene: &Scene,
    account: &account::Model,
    now: Timestamp,
) -> Result<account::Model, Absent> {
    let stored = accounts::find(&scene.scratch.storage, &account.id).await.unwrap().unwrap();
    scene.identities.current(stored, now).await
}

fn email(scene: &Scene, account: &account::Model) -> serde_json::Value {
    scene.identities.claims(account).unwrap()["email"].clone()
}

pub(super) async fn sign_on(scene: &Scene, account: &account::Model) {
    let session = session::Model {
        cookie_hash: format!("cookie of {}", account.id),
        sid: format!("sid of {}", account.id),
        account_id: account.id.clone(),
        auth_time: NOW,
        acr: None,
        amr: "[]".to_owned(),
        login_answered: "request".to_owned(),
        choice_answered: None,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(86_400)),
    };
    sessions::put(&scene.scratch.storage, session).await.unwrap();
}

pub(super) async fn has_session(scene: &Scene, account: &account::Model) -> bool {
    let sid = format!("sid of {}", account.id);
    sessions::find_by_sid(&scene.scratch.storage, &sid).await.unwrap().is_some()
}

#[tokio::test]
async fn what_was_learnt_a_moment_ago_is_not_asked_again() {
    let scene = Scene::new().await;
    let alice = account_of(&scene, "alice").await;
    scene.source.change("alice", |alice| alice.mail = "new@example.com".to_owned());

    let soon = current(&scene, &alice, NOW.plus(MINUTE / 2)).await.unwrap();
    assert_eq!(email(&scene, &soon), "s-alice@example.com");
    assert_eq!(scene.source.looked_up(), 0);

    let later = current(&scene, &alice, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!(email(&scene, &later), "new@example.com");
    let again = current(&scene, &alice, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!(email(&scene, &again), "new@example.com");
    assert_eq!(scene.source.looked_up(), 1, "and it is remembered");
    assert_eq!(later.sub, alice.sub);
}

#[tokio::test]
async fn a_backend_without_a_directory_is_believed_as_it_last_spoke() {
    let scene = Scene::with(Source::new(false)).await;
    let alice = account_of(&scene, "alice").await;
    scene.source.is(Mood::Down);
    let much_later = current(&scene, &alice, NOW.plus(MINUTE * 600)).await.unwrap();
    assert_eq!(email(&scene, &much_later), "s-alice@example.com");
}

// RT4
#[tokio::test]
async fn whoever_is_shut_out_is_gone_and_their_sessions_end() {
    for state in [State::Locked, State::Disabled, State::Expired] {
        let scene = Scene::new().await;
        let alice = account_of(&scene, "alice").await;
        sign_on(&scene, &alice).await;
        scene.source.change("alice", |alice| alice.closed = Some(state));
        let absent = current(&scene, &alice, NOW.plus(MINUTE)).await;
        assert!(matches!(absent, Err(Absent::Gone)), "{state}");
        assert!(!has_session(&scene, &alice).await, "{state}");
    }
}

#[tokio::test]
async fn an_outage_is_never_a_refusal() {
    let scene = Scene::new().await;
    let alice = account_of(&scene, "alice").await;
    sign_on(&scene, &alice).await;
    for mood in [Mood::Down, Mood::Busy] {
        scene.source.is(mood);
        let absent = current(&scene, &alice, NOW.plus(MINUTE)).await;
        assert!(matches!(absent, Err(Absent::Unavailable { .. })));
    }
    assert!(has_session(&scene, &alice).await);
}

// RT4
#[tokio::test]
async fn whoever_vanishes_is_refused_at_once_and_signed_out_when_that_is_sure() {
    let scene = Scene::new().await;
    let alice = account_of(&scene, "alice").await;
    sign_on(&scene, &alice).await;
    scene.source.remove("alice");

    for minute in [1, 2, 5] {
        let absent = current(&scene, &alice, NOW.plus(MINUTE * minute)).await;
        assert!(matches!(absent, Err(Absent::Gone)));
        assert!(has_session(&scene, &alice).await, "after {minute} minutes");
    }
    let absent = current(&scene, &alice, NOW.plus(MINUTE * 6)).await;
    assert!(matches!(absent, Err(Absent::Gone)));
    assert!(!has_session(&scene, &alice).await);
}

#[tokio::test]
async fn whoever_comes_back_is_the_same_person() {
    let scene = Scene::new().await;
    let alice = account_of(&scene, "alice").await;
    sign_on(&scene, &alice).await;
    scene.source.remove("alice");
    let _missed = current(&scene, &alice, NOW.plus(MINUTE)).await;
    scene.source.add(&["alice"], "s-alice");
    let back = current(&scene, &alice, NOW.plus(MINUTE)).await.unwrap();
    assert_eq!(back.sub, alice.sub);

    scene.source.remove("alice");
    let _missed_anew = current(&scene, &alice, NOW.plus(MINUTE * 9)).await;
    assert!(has_session(&scene, &alice).await, "the first time is forgotten");
}

#[tokio::test]
async fn a_directory_that_loses_everybody_signs_nobody_out() {
    let scene = Scene::new().await;
    let mut all = Vec::new();
    for number in 0..30 {
        let account = account_of(&scene, &format!("person-{number}")).await;
        sign_on(&scene, &account).await;
        all.push(account);
    }
    scene.source.is(Mood::Empty);
    let mut gone = 0;
    for account in &all {
        match current(&scene, account, NOW.plus(MINUTE)).await {
            Err(Absent::Gone) => gone += 1,
            absent => assert!(matches!(absent, Err(Absent::Unavailable { .. }))),
        }
    }
    assert_eq!(gone, 20, "so many are believed before the alarm");
    for hour in [1, 2, 23] {
        for account in &all {
            let absent = current(&scene, account, NOW.plus(MINUTE * 60 * hour)).await;
            assert!(matches!(absent, Err(Absent::Unavailable { .. })), "after {hour} hours");
            assert!(has_session(&scene, account).await, "after {hour} hours");
        }
    }
    scene.source.is(Mood::Well);
    for account in &all {
        assert!(current(&scene, account, NOW.plus(MINUTE * 60 * 23)).await.is_ok());
    }
}

#[tokio::test]
async fn the_people_of_a_backend_that_is_no_longer_configured_are_gone() {
    let scene = Scene::new().await;
    let alice = account_of(&scene, "alice").await;
    let elsewhere = account::Model { backend: "former".to_owned(), ..alice };
    let absent = scene.identities.current(elsewhere, NOW).await;
    assert!(matches!(absent, Err(Absent::Gone)));
}
