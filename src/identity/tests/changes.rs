//! Who changes their password, and what becomes of what the former one had opened.

use std::time::Duration;

use vestibule_plugin::PasswordWarning;

use super::super::NotChanged;
use super::super::fixture::{Journal, Mood, POLICY, Scene, Source};
use super::super::{Refused, State};
use super::absence::{has_session, sign_on};
use super::doors::{changed, told};

const NEW: &str = "a new password";

async fn with_alice() -> Scene {
    let scene = Scene::with(Source::with_change()).await;
    scene.source.add(&["alice", "alice@corp.example"], "s-1");
    scene
}

// LD4
#[tokio::test]
async fn whoever_changes_their_password_is_logged_in_with_the_new_one() {
    let scene = with_alice().await;
    let before = scene.log_in("alice", "right").await.unwrap();
    let after = scene.change("Alice", "right", NEW).await.unwrap();
    assert_eq!((after.account.sub, after.amr), (before.account.sub, vec!["pwd".to_owned()]));
    assert_eq!(scene.source.asked(), 3, "once with the former one, once with the new one");
    assert_eq!(told(&scene.log_in("alice", "right").await), "wrong");
    assert_eq!(told(&scene.log_in("alice", NEW).await), "in");
}

#[tokio::test]
async fn an_expired_password_can_be_changed_where_the_backend_changes_any() {
    for source in [Source::with_change(), Source::new(true)] {
        let scene = Scene::with(source).await;
        scene.source.add(&["alice"], "s-1");
        scene.source.change("alice", |alice| alice.must_change = true);
        let Err(Refused::PasswordExpired { changeable }) = scene.log_in("alice", "right").await
        else {
            panic!("it must be changed");
        };
        let outcome = scene.change("alice", "right", NEW).await;
        assert_eq!(changed(&outcome), if changeable { "in" } else { "not offered" });
    }
}

// LK2
#[tokio::test]
async fn an_expired_password_is_right_and_costs_no_try() {
    let scene = Scene::limited(1).await;
    scene.source.add(&["alice"], "s-1");
    scene.source.change("alice", |alice| alice.must_change = true);
    for _ in 0..3 {
        assert_eq!(told(&scene.log_in("alice", "right").await), "password expired");
        assert_eq!(changed(&scene.change("alice", "right", NEW).await), "not offered");
    }
    assert_eq!(told(&scene.log_in("alice", "guess").await), "wrong");
    assert_eq!(told(&scene.log_in("alice", "right").await), "too many");
}

// LK1
#[tokio::test]
async fn a_change_has_no_more_tries_than_a_login() {
    let scene = with_alice().await;
    assert_eq!(told(&scene.log_in("alice", "guess").await), "wrong");
    assert_eq!(changed(&scene.change("alice", "guess", NEW).await), "wrong");
    assert_eq!(changed(&scene.change("ALICE", "guess", NEW).await), "wrong");
    assert_eq!(changed(&scene.change("alice", "right", NEW).await), "too many");
    assert_eq!(told(&scene.log_in("alice", "right").await), "too many");
    // By another name the backend is asked, and changes nothing.
    assert_eq!(changed(&scene.change("alice@corp.example", "right", NEW).await), "too many");
    assert_eq!(scene.source.asked_to_change(), 0);
}

// LK2
#[tokio::test]
async fn a_password_that_is_not_allowed_costs_no_try() {
    let scene = with_alice().await;
    for _ in 0..5 {
        let Err(NotChanged::Policy(words)) = scene.change("alice", "right", "alice's own").await
        else {
            panic!("the source does not allow it");
        };
        assert_eq!(words, POLICY);
    }
    scene.source.is(Mood::DownWhileChanging);
    for _ in 0..4 {
        assert_eq!(changed(&scene.change("alice", "right", NEW).await), "unsure");
    }
    scene.source.is(Mood::Well);
    assert_eq!(told(&scene.log_in("alice", "right").await), "in", "nothing was changed");
}

// LD1
#[tokio::test]
async fn a_blank_present_password_reaches_no_backend() {
    let scene = with_alice().await;
    for blank in ["", "  ", "\0"] {
        assert_eq!(changed(&scene.change("alice", blank, NEW).await), "wrong");
    }
    assert_eq!((scene.source.asked(), scene.source.asked_to_change()), (0, 0));
}

// EN1
#[tokio::test]
async fn who_is_shut_out_changes_nothing() {
    let scene = with_alice().await;
    for (state, word) in
        [(State::Locked, "locked"), (State::Disabled, "disabled"), (State::Expired, "expired")]
    {
        scene.source.change("alice", |alice| alice.closed = Some(state));
        assert_eq!(changed(&scene.change("alice", "right", NEW).await), word);
    }
    assert_eq!(changed(&scene.change("nobody", "right", NEW).await), "wrong");
    assert_eq!(scene.source.asked_to_change(), 0);
}

// RT4
#[tokio::test]
async fn what_the_former_password_had_opened_ends() {
    for must_change in [false, true] {
        let scene = with_alice().await;
        scene.source.add(&["bob"], "s-2");
        let alice = scene.log_in("alice", "right").await.unwrap().account;
        let bob = scene.log_in("bob", "right").await.unwrap().account;
        sign_on(&scene, &alice).await;
        sign_on(&scene, &bob).await;
        scene.source.change("alice", |alice| alice.must_change = must_change);
        assert_eq!(changed(&scene.change("alice", "right", NEW).await), "in");
        assert!(!has_session(&scene, &alice).await && has_session(&scene, &bob).await);
    }
}

// RT4
#[tokio::test]
async fn sessions_end_even_if_the_new_password_cannot_be_tried() {
    for must_change in [false, true] {
        let scene = with_alice().await;
        let alice = scene.log_in("alice", "right").await.unwrap().account;
        sign_on(&scene, &alice).await;
        scene.source.change("alice", |alice| alice.must_change = must_change);
        scene.source.is(Mood::DownOnceChanged);
        assert_eq!(changed(&scene.change("alice", "right", NEW).await), "log in anew");
        assert!(!has_session(&scene, &alice).await, "must change: {must_change}");
        scene.source.is(Mood::Well);
        assert_eq!(told(&scene.log_in("alice", NEW).await), "in");
    }
}

// RT4
#[tokio::test]
async fn sessions_end_even_if_nobody_knows_whether_the_password_was_changed() {
    for must_change in [false, true] {
        let scene = with_alice().await;
        let alice = scene.log_in("alice", "right").await.unwrap().account;
        sign_on(&scene, &alice).await;
        scene.source.change("alice", |alice| alice.must_change = must_change);
        scene.source.is(Mood::DownWhileChanging);
        assert_eq!(changed(&scene.change("alice", "right", NEW).await), "unsure");
        assert!(!has_session(&scene, &alice).await, "must change: {must_change}");
    }
}

// RT4
#[tokio::test]
async fn sessions_stay_where_the_password_certainly_does() {
    let scene = with_alice().await;
    let alice = scene.log_in("alice", "right").await.unwrap().account;
    sign_on(&scene, &alice).await;
    assert_eq!(changed(&scene.change("alice", "right", "alice's own").await), "not allowed");
    assert_eq!(changed(&scene.change("alice", "guess", NEW).await), "wrong");
    scene.source.is(Mood::BusyForChanges);
    for _ in 0..3 {
        let outcome = scene.change("alice", "right", NEW).await;
        assert_eq!(changed(&outcome), "unavailable", "nobody began, and it costs no try");
    }
    assert!(has_session(&scene, &alice).await);
    scene.source.is(Mood::Well);
    assert_eq!(told(&scene.log_in("alice", "right").await), "in");
}

// LK1, LK3
#[tokio::test]
async fn no_state_of_an_account_tells_a_right_password_to_whoever_has_no_tries_left() {
    let states = [None, Some(State::Locked), Some(State::Disabled), Some(State::Expired)];
    for closed in states {
        let scene = with_alice().await;
        for _ in 0..3 {
            assert_eq!(told(&scene.log_in("alice", "guess").await), "wrong");
        }
        scene.source.change("alice@corp.example", |alice| {
            alice.closed = closed;
            alice.must_change = closed.is_none();
        });
        // The backend hears of them, as the name is another.
        for password in ["guess", "right"] {
            let outcome = scene.log_in("alice@corp.example", password).await;
            assert_eq!(told(&outcome), "too many", "{closed:?}");
        }
        let outcome = scene.change("alice@corp.example", "right", NEW).await;
        assert_eq!((changed(&outcome), scene.source.asked_to_change()), ("too many", 0));
    }
}

// IN4, RT4
#[tokio::test]
async fn who_cannot_be_signed_out_is_not_told_that_all_went_well() {
    let scene = with_alice().await;
    let alice = scene.log_in("alice", "right").await.unwrap().account;
    sign_on(&scene, &alice).await;
    scene
        .execute(
            "CREATE TRIGGER fails BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'test'); END",
        )
        .await;
    assert_eq!(changed(&scene.change("alice", "right", NEW).await), "fault");
    assert!(has_session(&scene, &alice).await);
}

// RT4
#[tokio::test]
async fn a_change_is_finished_whoever_stays_to_see_it() {
    let scene = with_alice().await;
    let alice = scene.log_in("alice", "right").await.unwrap().account;
    sign_on(&scene, &alice).await;
    scene.source.is_slow(Duration::from_millis(20));
    let change = scene.change("alice", "right", NEW);
    assert!(tokio::time::timeout(Duration::from_millis(5), change).await.is_err());
    while has_session(&scene, &alice).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(told(&scene.log_in("alice", NEW).await), "in");
}

// LG1
#[tokio::test]
async fn a_warning_is_logged_with_the_login_and_no_password_is() {
    let scene = with_alice().await;
    let expires = PasswordWarning::Expires(Duration::from_secs(432_000));
    scene.source.change("alice", |alice| {
        alice.password = "canary-1".to_owned();
        alice.warning = Some(expires);
    });
    let (journal, guard) = Journal::open();
    let warning = scene.log_in("alice", "canary-1").await.unwrap().warning.unwrap();
    assert_eq!((warning.password, warning.changeable), (expires, true));
    assert_eq!(changed(&scene.change("alice", "canary-2", NEW).await), "wrong");
    assert_eq!(
        changed(&scene.change("alice", "canary-1", "canary-3 of alice").await),
        "not allowed"
    );
    assert_eq!(changed(&scene.change("alice", "canary-1", "canary-4").await), "in");
    drop(guard);
    let text = journal.text();
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("432000s") && text.contains("the password was changed"), "{text}");
}
