//! When the database fails in the middle of a login, nobody is let in and nothing is called a refusal.

use super::super::Attempt;
use super::super::fixture::{Mood, NOW};
use super::doors::{changed, told, with_alice};

// IN4
#[tokio::test]
async fn without_its_counters_nobody_gets_in() {
    let scene = with_alice().await;
    scene.execute("DROP TABLE attempt").await;
    assert_eq!(told(&scene.log_in("alice", "right").await), "fault");
    assert_eq!(changed(&scene.change("alice", "right", "new password").await), "fault");
    assert_eq!(scene.source.asked(), 0);
}

// IN4
#[tokio::test]
async fn whose_try_cannot_be_taken_back_is_not_let_in() {
    let scene = with_alice().await;
    scene.source.add(&["bob"], "s-2");
    // The first try of a name is put, and everything else is an update.
    let fails =
        "CREATE TRIGGER fails BEFORE UPDATE ON attempt BEGIN SELECT RAISE(ABORT, 'test'); END";
    scene.execute(fails).await;
    assert_eq!(told(&scene.log_in("alice", "right").await), "fault");
    scene.source.is(Mood::Down);
    let elsewhere = Attempt {
        username: "bob",
        password: "right".to_owned(),
        address: [192, 0, 2, 2].into(),
        known: None,
        now: NOW,
    };
    assert_eq!(told(&scene.identities.log_in(elsewhere).await), "fault", "an outage is no excuse");
}

// IN4, LK3
#[tokio::test]
async fn whose_wrong_password_cannot_be_counted_hears_of_a_fault() {
    let scene = with_alice().await;
    let fails = "CREATE TRIGGER fails BEFORE INSERT ON attempt WHEN NEW.bucket LIKE 'person:%' \
                 BEGIN SELECT RAISE(ABORT, 'test'); END";
    scene.execute(fails).await;
    assert_eq!(told(&scene.log_in("alice", "guess").await), "fault");
}
