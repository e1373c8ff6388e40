//! That how long a refusal took tells nothing of why.

use std::time::Duration;

use vestibule_plugin::Password;

use super::super::fixture::{Mood, NOW, STEP, Scene, Source, WINDOW};
use super::super::{Attempt, State};
use super::doors::{changed, told};

/// Whatever is refused, and how.
const REFUSED: [(&str, &str, &str); 9] = [
    ("alice", "guess", "wrong"),
    ("nobody", "guess", "wrong"),
    ("\0", "guess", "wrong"),
    ("x", " ", "wrong"),
    ("locked", "guess", "wrong"),
    ("disabled", "guess", "wrong"),
    ("expired", "guess", "wrong"),
    ("locked", "right", "locked"),
    ("must-change", "right", "password expired"),
];

// EN1
#[tokio::test]
async fn however_long_it_took_a_refusal_is_answered_at_a_multiple_of_the_step() {
    let scene = Scene::with(Source::with_change()).await;
    for (name, closed) in [
        ("alice", None),
        ("locked", Some(State::Locked)),
        ("disabled", Some(State::Disabled)),
        ("expired", Some(State::Expired)),
        ("must-change", None),
    ] {
        scene.source.add(&[name], name);
        scene.source.change(name, |somebody| {
            somebody.closed = closed;
            somebody.must_change = name == "must-change";
        });
    }
    let mut passed = WINDOW;
    let mut tell = async |name, password, new, expected| {
        passed += WINDOW;
        let began = tokio::time::Instant::now();
        let attempt = Attempt {
            username: name,
            password: String::from(password),
            address: [192, 0, 2, 1].into(),
            known: None,
            now: NOW.plus(passed),
        };
        let told = match new {
            None => told(&by_hand(scene.identities.log_in(attempt)).await),
            Some(new) => {
                let new = Password::parse(String::from(new)).unwrap();
                changed(&by_hand(scene.identities.change_password(attempt, new)).await)
            }
        };
        assert_eq!(told, expected, "{name:?} {password:?} {new:?}");
        // Timers are exact to a millisecond.
        let took = began.elapsed();
        assert!(took >= STEP && took.as_millis() % STEP.as_millis() <= 1, "{name:?}: {took:?}");
    };
    tokio::time::pause();
    for slow in [0, 49, 51, 120] {
        scene.source.is_slow(Duration::from_millis(slow));
        for (name, password, expected) in REFUSED {
            tell(name, password, None, expected).await;
            if expected != "password expired" {
                tell(name, password, Some("a new password"), expected).await;
            }
        }
        tell("alice", "right", Some("alice's password"), "not allowed").await;
        scene.source.is(Mood::Down);
        for _ in 0..7 {
            tell("alice", "right", None, "unavailable").await;
        }
        assert!(!scene.identities.conditions().next().unwrap().asked, "as nobody answers");
        tell("alice", "right", Some("a new password"), "unavailable").await;
        scene.source.is(Mood::Well);
        assert!(scene.identities.health().await[0].1.is_ok());
        scene.source.is(Mood::DownWhileChanging);
        tell("alice", "right", Some("a new password"), "unsure").await;
        scene.source.is(Mood::Well);
    }
    scene.source.is(Mood::Hanging);
    tell("alice", "right", None, "unavailable").await;
}

/// Moves the paused time itself: left alone it would leap to the next time-out of the database whenever
/// that takes a moment.
async fn by_hand<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::advance(Duration::from_millis(1)) => {}
        }
        std::thread::sleep(Duration::from_micros(20));
    }
}
