//! Of those who use something at once, one wins, whatever happens to the database meanwhile.

use std::sync::Arc;
use std::time::Duration;

use super::line::{Cut, Line};
use super::*;
use crate::storage::scratch::{self, Scratch, on_each_database};
use crate::storage::tests::sample::{find_grant, redemption, session, use_of};
use crate::storage::{Settings, Storage, redemptions, refresh_tokens, sessions};

on_each_database! {
    of_fifty_claims_one_is_won
    of_fifty_claims_on_two_nodes_one_is_won
    a_write_without_a_claim_is_won
    a_write_that_fails_takes_no_other_with_it
    a_write_that_is_repeated_is_won_again
}

/// Commits all at once, and returns who won, by attempt.
async fn commit_all(nodes: &[Storage], writes: Vec<Write>) -> Vec<String> {
    let nodes = nodes.iter().cycle();
    let tries = writes.into_iter().zip(nodes).map(|(write, node)| {
        let node = node.clone();
        tokio::spawn(async move {
            let attempt = write.claim.clone().unwrap().attempt;
            match node.commit(write).await.unwrap() {
                Outcome::Won => Some(attempt),
                Outcome::Lost(holder) => {
                    assert_ne!(holder.attempt, attempt);
                    None
                }
            }
        })
    });
    let mut winners = Vec::new();
    for attempt in tries.collect::<Vec<_>>() {
        winners.extend(attempt.await.unwrap());
    }
    winners
}

/// The rows of the winner are there and nobody else's.
async fn assert_only_winner(db: &Storage, hash: &str, winner: &str, attempts: &[String]) {
    assert_eq!(redemptions::find(db, hash).await.unwrap().unwrap().attempt, winner);
    for attempt in attempts {
        let grant = find_grant(db, &format!("grant of {attempt}")).await;
        let token = refresh_tokens::find(db, &format!("token of {attempt}")).await.unwrap();
        let won = attempt == winner;
        assert_eq!((grant.is_some(), token.is_some()), (won, won), "{attempt}");
    }
}

// CO1, RT1
async fn of_fifty_claims_one_is_won(db: Scratch) {
    race(&db, slice::from_ref(&db.storage)).await;
}

async fn of_fifty_claims_on_two_nodes_one_is_won(db: Scratch) {
    let other = Storage::open(&Settings::new(&db.url)).await.unwrap();
    race(&db, &[db.storage.clone(), other]).await;
}

/// Two codes, so that two nodes that locked them in different orders would wait for each other.
async fn race(db: &Storage, nodes: &[Storage]) {
    let names = |hash: &str| (0..50).map(|n| format!("{hash} {n}")).collect::<Vec<_>>();
    let (one, two) = (names("one"), names("two"));
    let writes = one.iter().zip(&two).enumerate().flat_map(|(n, (first, second))| {
        let mut pair = [use_of("one", first), use_of("two", second)];
        if n % 2 == 0 {
            pair.reverse();
        }
        pair
    });
    let mut winners = commit_all(nodes, writes.collect()).await;
    winners.sort();
    let [first, second] = winners.as_slice() else { panic!("{winners:?}") };
    assert_only_winner(db, "one", first, &one).await;
    assert_only_winner(db, "two", second, &two).await;
}

async fn a_write_without_a_claim_is_won(db: Scratch) {
    let write = Write { sessions: vec![session("sid", "alice")], ..Write::default() };
    assert_eq!(db.commit(write).await.unwrap(), Outcome::Won);
    assert!(sessions::find_by_sid(&db, "sid").await.unwrap().is_some());
    assert_eq!(db.commit(Write::default()).await.unwrap(), Outcome::Won);
}

async fn a_write_that_fails_takes_no_other_with_it(db: Scratch) {
    sessions::put(&db, session("sid", "alice")).await.unwrap();
    let cookie_hash = "too long for its column, and the sid is taken".repeat(10);
    let spoilt = Write {
        sessions: vec![session::Model { cookie_hash, ..session("sid", "alice") }],
        ..use_of("spoilt", "spoilt")
    };
    let group = [use_of("one", "first"), spoilt, use_of("one", "second")];
    let outcomes = settle(db.write_connection(), &group).await;
    assert!(matches!(outcomes[0], Ok(Outcome::Won)), "{outcomes:?}");
    assert!(matches!(outcomes[1], Err(Fault::Broken(_))), "{outcomes:?}");
    assert!(matches!(outcomes[2], Ok(Outcome::Lost(_))), "{outcomes:?}");
    assert_eq!(redemptions::find(&db, "spoilt").await.unwrap(), None);
}

/// What an unanswered commit comes to when it had been committed.
async fn a_write_that_is_repeated_is_won_again(db: Scratch) {
    assert_eq!(db.commit(use_of("code", "one")).await.unwrap(), Outcome::Won);
    assert_eq!(db.commit(use_of("code", "one")).await.unwrap(), Outcome::Won);
    let lost = Outcome::Lost(redemption("code", "one"));
    assert_eq!(db.commit(use_of("code", "two")).await.unwrap(), lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_goes_unanswered_is_settled_on_postgres() {
    settles_cut_commits(&scratch::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_goes_unanswered_is_settled_on_mariadb() {
    settles_cut_commits(&scratch::mariadb().await).await;
}

async fn settles_cut_commits(db: &Scratch) {
    let line = Line::to(&db.url).await;
    // Of one connection, so that the next one is a new one.
    let settings = Settings { connections: 1, ..Settings::new(&line.url) };
    let storage = Storage::open(&settings).await.unwrap();
    for (cut, refusals) in [(Cut::Before, 0), (Cut::After, 0), (Cut::Before, 2), (Cut::After, 2)] {
        let hash = format!("{cut:?} {refusals}");
        let attempts: Vec<_> = (0..20).map(|n| format!("{hash} {n}")).collect();
        let writes = attempts.iter().map(|attempt| use_of(&hash, attempt)).collect();
        line.break_at_commit(cut, refusals);
        let winners = commit_all(slice::from_ref(&storage), writes).await;
        assert!(line.is_whole(), "{hash}: the line was not cut");
        let [winner] = winners.as_slice() else { panic!("{hash}: {winners:?}") };
        assert_only_winner(db, &hash, winner, &attempts).await;
    }
}

#[tokio::test]
async fn a_dead_writer_is_unavailable_and_not_ready() {
    let db = scratch::sqlite().await;
    let (queue, _) = mpsc::channel(1);
    let storage = Storage { writer: Writer { queue }, ..db.storage.clone() };
    assert!(storage.ping().await.unwrap_err().is_unavailable());
    assert!(storage.commit(use_of("code", "one")).await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn a_writer_that_dies_on_the_way_is_unavailable() {
    let (queue, mut jobs) = mpsc::channel(1);
    let writer = Writer { queue };
    let dying = tokio::spawn(async move { drop(jobs.recv().await) });
    assert!(writer.commit(use_of("code", "one")).await.unwrap_err().is_unavailable());
    dying.await.unwrap();
}

#[tokio::test]
async fn a_full_queue_is_unavailable_at_once() {
    let (queue, _jobs) = mpsc::channel(1);
    let writer = Arc::new(Writer { queue });
    let waiting = Arc::clone(&writer);
    let waiting = tokio::spawn(async move { waiting.commit(use_of("code", "one")).await });
    while writer.queue.capacity() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(writer.commit(use_of("code", "two")).await.unwrap_err().is_unavailable());
    waiting.abort();
}
