//! Who gets in, who does not, and what they learn from it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::fixture::{Mood, NOW, STEP, Scene, Source, WINDOW};
use super::super::{Attempt, LoggedIn, Refused, State};
use crate::storage::scratch::{Scratch, on_each_database};

/// What the person is told, as a word.
fn told(outcome: &Result<LoggedIn, Refused>) -> &'static str {
    match outcome {
        Ok(_) => "in",
        Err(Refused::Wrong) => "wrong",
        Err(Refused::Closed(State::Locked)) => "locked",
        Err(Refused::Closed(State::Disabled)) => "disabled",
        Err(Refused::Closed(State::Expired)) => "expired",
        Err(Refused::PasswordExpired) => "password expired",
        Err(Refused::TooMany { .. }) => "too many",
        Err(Refused::Unavailable { .. }) => "unavailable",
        Err(Refused::Fault(_)) => "fault",
    }
}

async fn with_alice() -> Scene {
    let scene = Scene::new().await;
    scene.source.add(&["alice", "alice@corp.example"], "s-1");
    scene
}

#[tokio::test]
async fn whoever_has_the_password_gets_in() {
    let scene = with_alice().await;
    let first = scene.log_in("Alice", "right").await.unwrap();
    assert_eq!(first.amr, ["pwd"]);
    assert_eq!(first.account.backend, "staff");
    let again = scene.log_in("alice@CORP.example", "right").await.unwrap();
    assert_eq!(again.account.sub, first.account.sub, "by whatever name");
    let claims = scene.identities.claims(&again.account).unwrap();
    assert_eq!(claims["email"], "s-1@example.com");
}

// EN1
#[tokio::test]
async fn a_refusal_tells_nothing_that_was_not_proved() {
    for (name, closed) in [
        ("unknown", None),
        ("open", None),
        ("locked", Some(State::Locked)),
        ("disabled", Some(State::Disabled)),
        ("expired", Some(State::Expired)),
    ] {
        let scene = Scene::new().await;
        if name != "unknown" {
            scene.source.add(&[name], "s-1");
            scene.source.change(name, |somebody| somebody.closed = closed);
        }
        let began = Instant::now();
        let outcome = scene.log_in(name, "guess").await;
        assert_eq!(told(&outcome), "wrong", "{name}");
        assert!(began.elapsed() >= STEP, "{name}");
        for _ in 0..2 {
            assert_eq!(told(&scene.log_in(name, "guess").await), "wrong", "{name}");
        }
        assert_eq!(told(&scene.log_in(name, "guess").await), "too many", "{name}");
    }
}

#[tokio::test]
async fn a_proved_password_tells_the_state() {
    let scene = with_alice().await;
    for (state, word) in
        [(State::Locked, "locked"), (State::Disabled, "disabled"), (State::Expired, "expired")]
    {
        scene.source.change("alice", |alice| alice.closed = Some(state));
        let other_time = NOW.plus(WINDOW * u32::try_from(word.len()).unwrap());
        let outcome = scene.log_in_at(other_time, "alice", "right", None).await;
        assert_eq!(told(&outcome), word);
    }
    scene.source.change("alice", |alice| {
        alice.closed = None;
        alice.must_change = true;
    });
    assert_eq!(told(&scene.log_in("alice", "right").await), "password expired");
}

// EN1
#[tokio::test]
async fn a_refusal_is_answered_at_a_multiple_of_the_step() {
    let scene = with_alice().await;
    for (name, password) in [("alice", "guess"), ("nobody", "guess"), ("\0", "guess"), ("x", " ")] {
        let began = Instant::now();
        assert_eq!(told(&scene.log_in(name, password).await), "wrong");
        let steps = began.elapsed().as_secs_f64() / STEP.as_secs_f64();
        assert!(steps >= 1.0 && steps.fract() < 0.9, "{steps} steps for {name:?}");
    }
}

// LD1
#[tokio::test]
async fn a_blank_password_reaches_no_backend() {
    let scene = with_alice().await;
    for blank in ["", "   ", "\0", "\0\0", "right\0", "\u{3000}"] {
        let outcome = scene.log_in_at(NOW.plus(WINDOW * 2), "alice", blank, None).await;
        assert!(matches!(told(&outcome), "wrong" | "too many"), "{blank:?}");
    }
    assert_eq!(scene.source.asked(), 0);
}

// LK3
#[tokio::test]
async fn spellings_and_other_names_of_a_person_share_their_tries() {
    let scene = with_alice().await;
    for name in ["alice", "ALICE", "\u{ff21}lice"] {
        assert_eq!(told(&scene.log_in(name, "guess").await), "wrong");
    }
    assert_eq!(told(&scene.log_in("Alice", "right").await), "too many");
    assert_eq!(scene.source.asked(), 3);
    // Another name of the same person: the backend says whose it is.
    assert_eq!(told(&scene.log_in("alice@corp.example", "guess").await), "too many");
    assert_eq!(told(&scene.log_in("alice@corp.example", "right").await), "too many");
    assert_eq!(told(&scene.log_in_at(NOW.plus(WINDOW), "alice", "right", None).await), "in");
}

// LK3
#[tokio::test]
async fn what_cannot_be_a_name_is_counted_like_one() {
    let scene = with_alice().await;
    for _ in 0..3 {
        assert_eq!(told(&scene.log_in("al\0ice", "guess").await), "wrong");
    }
    assert_eq!(told(&scene.log_in("al\0ice", "guess").await), "too many");
}

// LK2
#[tokio::test]
async fn a_success_takes_back_its_own_try_and_no_other() {
    let scene = with_alice().await;
    for _ in 0..2 {
        assert_eq!(told(&scene.log_in("alice", "guess").await), "wrong");
    }
    for _ in 0..4 {
        assert_eq!(told(&scene.log_in("alice", "right").await), "in");
    }
    assert_eq!(told(&scene.log_in("alice", "guess").await), "wrong");
    assert_eq!(told(&scene.log_in("alice", "right").await), "too many");
}

on_each_database! {
    of_a_hundred_guesses_at_once_three_are_heard
}

// LK5
async fn of_a_hundred_guesses_at_once_three_are_heard(scratch: Scratch) {
    let scene = Scene::on(scratch, Source::new(true));
    scene.source.add(&["alice"], "s-1");
    let guesses: Vec<_> = (0..100)
        .map(|guess| {
            let identities = scene.identities.clone();
            tokio::spawn(async move {
                let attempt = Attempt {
                    username: "alice",
                    password: format!("guess {guess}"),
                    address: [192, 0, 2, 1].into(),
                    known: None,
                    now: NOW,
                };
                told(&identities.log_in(attempt).await)
            })
        })
        .collect();
    let mut wrong = 0;
    for guess in guesses {
        match guess.await.unwrap() {
            "wrong" => wrong += 1,
            other => assert_eq!(other, "too many"),
        }
    }
    assert_eq!((wrong, scene.source.asked()), (3, 3));
}

#[tokio::test]
async fn too_many_is_said_at_once_and_for_how_long() {
    let scene = with_alice().await;
    for _ in 0..3 {
        let _ = scene.log_in("alice", "guess").await;
    }
    let began = Instant::now();
    let Err(Refused::TooMany { retry_after }) = scene.log_in("alice", "right").await else {
        panic!("three tries were made");
    };
    assert_eq!(retry_after, WINDOW);
    assert!(began.elapsed() < STEP);
    let later = NOW.plus(Duration::from_secs(600));
    let Err(Refused::TooMany { retry_after }) =
        scene.log_in_at(later, "alice", "right", None).await
    else {
        panic!("the window is not over");
    };
    assert_eq!(retry_after, Duration::from_secs(300));
}

#[tokio::test]
async fn strangers_cannot_lock_the_owner_out_of_their_own_browser() {
    let scene = with_alice().await;
    let browser = scene.log_in("alice", "right").await.unwrap().known;
    for _ in 0..4 {
        let _ = scene.log_in("alice", "guess").await;
    }
    assert_eq!(told(&scene.log_in("alice", "right").await), "too many");
    let own = scene.log_in_at(NOW, "alice", "right", Some(&browser)).await;
    assert_eq!(told(&own), "in");
    assert_eq!(own.unwrap().known, browser);

    for _ in 0..3 {
        let guess = scene.log_in_at(NOW, "alice", "guess", Some(&browser)).await;
        assert_eq!(told(&guess), "wrong", "a stolen browser has its own few tries");
    }
    assert_eq!(told(&scene.log_in_at(NOW, "alice", "right", Some(&browser)).await), "too many");
}

// LK4
#[tokio::test]
async fn an_outage_costs_no_try_and_lends_none() {
    let scene = with_alice().await;
    scene.source.is(Mood::Down);
    for _ in 0..10 {
        let Err(Refused::Unavailable { retry_after }) = scene.log_in("alice", "right").await else {
            panic!("the source is down");
        };
        assert_eq!(retry_after, Duration::from_secs(30));
    }
    scene.source.is(Mood::Busy);
    let Err(Refused::Unavailable { retry_after }) = scene.log_in("alice", "right").await else {
        panic!("the source is busy");
    };
    assert_eq!(retry_after, Duration::from_secs(2));

    scene.source.is(Mood::Well);
    for _ in 0..3 {
        let _ = scene.log_in("alice", "guess").await;
    }
    scene.source.is(Mood::Down);
    assert_eq!(told(&scene.log_in("alice", "right").await), "too many");
    scene.source.is(Mood::Well);
    assert_eq!(told(&scene.log_in("alice", "right").await), "too many");
}

/// What is logged while these tests run, as text.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

// LG1
#[tokio::test]
async fn no_password_is_logged_nor_what_may_be_one() {
    let scene = with_alice().await;
    let journal = Journal::default();
    let pages = journal.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || pages.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    assert_eq!(told(&scene.log_in("alice", "canary-1").await), "wrong");
    assert_eq!(told(&scene.log_in("canary-2", "canary-1").await), "wrong");
    assert_eq!(told(&scene.log_in("alice\r\ncanary-3", "canary-1").await), "wrong");
    scene.source.change("alice", |alice| alice.password = "canary-4".to_owned());
    assert_eq!(told(&scene.log_in("alice", "canary-4").await), "in");
    drop(guard);
    let text = String::from_utf8(journal.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains("login refused"), "{text}");
}

// IN4
#[tokio::test]
async fn without_its_counters_nobody_gets_in() {
    let scene = with_alice().await;
    use sea_orm::ConnectionTrait;
    let database = scene.scratch.storage.write_connection();
    database.execute_unprepared("DROP TABLE attempt").await.unwrap();
    assert_eq!(told(&scene.log_in("alice", "right").await), "fault");
    assert_eq!(scene.source.asked(), 0);
}
