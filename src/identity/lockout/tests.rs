//! Tries that are counted, refused and taken back.

use super::super::fixture::sealer;
use super::*;
use crate::storage::scratch::{Scratch, sqlite};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
const WINDOW: Duration = Duration::from_secs(900);

async fn lockout() -> (Scratch, Lockout) {
    let scratch = sqlite().await;
    let limits = Limits { per_name: 3, per_address: 5, window: WINDOW };
    let storage = scratch.storage.clone();
    (scratch, Lockout { storage, sealer: sealer(), limits })
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn count(lockout: &Lockout, name: &str, from: &str, now: Timestamp) -> Result<(), TooMany> {
    lockout.count(name, None, address(from), None, now).await.unwrap().map(drop)
}

#[tokio::test]
async fn beyond_the_limit_of_a_name_one_waits_for_the_window_to_end() {
    let (_scratch, lockout) = lockout().await;
    for second in 0..3 {
        let from = format!("192.0.2.{second}");
        let now = NOW.plus(Duration::from_secs(second));
        assert_eq!(count(&lockout, "alice", &from, now).await, Ok(()));
    }
    // However often one comes back, the wait gets shorter.
    for second in [3, 100, 200, 898] {
        let now = NOW.plus(Duration::from_secs(second));
        let refused = count(&lockout, "alice", "192.0.2.9", now).await;
        assert_eq!(refused, Err(TooMany { retry_after: Duration::from_secs(900 - second) }));
    }
    assert_eq!(count(&lockout, "bob", "192.0.2.9", NOW).await, Ok(()), "others are free");
    let over = NOW.plus(WINDOW);
    assert_eq!(count(&lockout, "alice", "192.0.2.9", over).await, Ok(()));
}

#[tokio::test]
async fn beyond_the_limit_of_an_address_no_name_loses_a_try() {
    let (_scratch, lockout) = lockout().await;
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(count(&lockout, name, "192.0.2.1", NOW).await, Ok(()));
    }
    for _ in 0..10 {
        assert!(count(&lockout, "alice", "192.0.2.1", NOW).await.is_err());
    }
    for _ in 0..3 {
        assert_eq!(count(&lockout, "alice", "192.0.2.2", NOW).await, Ok(()));
    }
}

// LK3
#[tokio::test]
async fn a_network_is_one_address() {
    assert_eq!(network(address("::ffff:192.0.2.1")), network(address("192.0.2.1")));
    assert_eq!(network(address("2001:db8::1")), network(address("2001:db8::ffff:1:2:3")));
    assert_ne!(network(address("2001:db8::1")), network(address("2001:db8:0:1::1")));
    assert_ne!(network(address("192.0.2.1")), network(address("192.0.2.2")));
}

// LK3
#[tokio::test]
async fn whoever_has_a_network_to_themselves_has_no_more_tries() {
    let (_scratch, lockout) = lockout().await;
    for host in 1..=5 {
        let (name, from) = (format!("name-{host}"), format!("2001:db8::{host}"));
        assert_eq!(count(&lockout, &name, &from, NOW).await, Ok(()));
    }
    assert!(count(&lockout, "alice", "2001:db8::6", NOW).await.is_err());
    assert_eq!(count(&lockout, "alice", "2001:db8:0:1::6", NOW).await, Ok(()));
}

// LK5
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_tries_at_once_no_more_pass_than_in_turn() {
    let (_scratch, mut lockout) = lockout().await;
    lockout.limits.per_address = 1000;
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let lockout = lockout.clone();
            tokio::spawn(async move { count(&lockout, "alice", "192.0.2.1", NOW).await })
        })
        .collect();
    let mut permitted = 0;
    for one in tries {
        permitted += usize::from(one.await.unwrap().is_ok());
    }
    assert_eq!(permitted, 3);
    assert!(counted(&lockout, "name", "alice").await >= 3);
}

/// What a counter has come to.
async fn counted(lockout: &Lockout, kind: &str, of: &str) -> i64 {
    let bucket = [lockout.bucket(kind, of)];
    let counts = attempts::read(&lockout.storage, &bucket, NOW, WINDOW).await.unwrap();
    counts.first().map_or(0, |count| count.failures)
}

#[tokio::test]
async fn what_has_reached_a_limit_is_refused_without_a_write() {
    let (_scratch, lockout) = lockout().await;
    for name in ["alice", "alice", "alice", "b", "c"] {
        assert_eq!(count(&lockout, name, "192.0.2.1", NOW).await, Ok(()));
    }
    for name in ["alice", "bob"] {
        assert!(count(&lockout, name, "192.0.2.1", NOW).await.is_err());
    }
    assert!(count(&lockout, "alice", "192.0.2.2", NOW).await.is_err());
    for (kind, of, failures) in [
        ("name", "alice", 3),
        ("name", "bob", 0),
        ("address", "192.0.2.1", 5),
        ("address", "192.0.2.2", 0),
    ] {
        assert_eq!(counted(&lockout, kind, of).await, failures, "{kind} {of}");
    }
}

// LK2
#[tokio::test]
async fn a_success_takes_back_its_own_try_and_no_other() {
    let (_scratch, lockout) = lockout().await;
    let from = address("192.0.2.1");
    for _ in 0..2 {
        let _wrong = lockout.count("alice", None, from, None, NOW).await.unwrap();
    }
    for _ in 0..5 {
        let Ok(right) = lockout.count("alice", None, from, None, NOW).await.unwrap() else {
            panic!("a third try is permitted");
        };
        lockout.take_back(&right).await.unwrap();
    }
    assert_eq!(count(&lockout, "alice", "192.0.2.1", NOW).await, Ok(()));
    assert!(count(&lockout, "alice", "192.0.2.1", NOW).await.is_err());
}

// LK3
#[tokio::test]
async fn a_person_is_counted_whatever_name_was_typed() {
    let (_scratch, lockout) = lockout().await;
    let subject = Subject::parse("s").unwrap();
    let Ok(typed) = lockout.count("x", None, address("192.0.2.1"), None, NOW).await.unwrap() else {
        panic!("a first try is permitted");
    };
    for _ in 0..3 {
        assert_eq!(lockout.permits("a", &subject, &typed, NOW).await.unwrap(), Ok(()));
        assert_eq!(lockout.count_for("a", &subject, &typed, NOW).await.unwrap(), Ok(()));
    }
    let right = lockout.permits("a", &subject, &typed, NOW).await.unwrap();
    let wrong = lockout.count_for("a", &subject, &typed, NOW).await.unwrap();
    assert!(right.is_err());
    assert_eq!(right, wrong, "too many does not tell which password was right");
    assert_eq!(lockout.permits("b", &subject, &typed, NOW).await.unwrap(), Ok(()));
    assert_eq!(lockout.permits("a", &subject, &typed, NOW.plus(WINDOW)).await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_backend_hears_no_more_wrong_passwords_than_it_puts_up_with() {
    let (_scratch, mut lockout) = lockout().await;
    lockout.limits = Limits { per_name: 10, per_address: 100, window: WINDOW };
    let from = address("192.0.2.1");
    let count = async |browser: Option<&KnownBrowser>| {
        lockout.count("alice", Some(5), from, browser, NOW).await.unwrap()
    };
    let mut browsers = Vec::new();
    for _ in 0..3 {
        let Ok(first) = count(None).await else { panic!("a first try is permitted") };
        lockout.take_back(&first).await.unwrap();
        browsers.push(lockout.remember(None, first));
    }
    // Of five, strangers have three, and the browsers that are known share what is left.
    for permitted in [true, true, true, false, false] {
        assert_eq!(count(None).await.is_ok(), permitted);
    }
    for (browser, permitted) in browsers.iter().zip([true, true, false]) {
        assert_eq!(count(Some(browser)).await.is_ok(), permitted);
    }
    let bob = lockout.count("bob", Some(5), from, None, NOW).await.unwrap();
    assert!(bob.is_ok(), "others are free");
}

#[tokio::test]
async fn strangers_cannot_use_up_the_tries_of_a_known_browser() {
    let (_scratch, lockout) = lockout().await;
    let from = address("192.0.2.1");
    let Ok(first) = lockout.count("alice", None, from, None, NOW).await.unwrap() else {
        panic!("a first try is permitted");
    };
    lockout.take_back(&first).await.unwrap();
    let browser = lockout.remember(None, first);
    for _ in 0..10 {
        let _stranger = lockout.count("alice", None, from, None, NOW).await.unwrap();
    }
    for _ in 0..3 {
        let own = lockout.count("alice", None, from, Some(&browser), NOW).await.unwrap();
        assert!(own.is_ok_and(|counted| counted.known));
    }
    let own = lockout.count("alice", None, from, Some(&browser), NOW).await.unwrap();
    assert!(own.is_err(), "it has as many tries as anybody");
    let other =
        lockout.count("bob", None, address("192.0.2.2"), Some(&browser), NOW).await.unwrap();
    assert!(other.is_ok_and(|counted| !counted.known), "it is known for one name only");
}

#[test]
fn a_browser_remembers_the_last_names() {
    let mut browser = KnownBrowser::remember(None, "0".to_owned());
    let id = browser.id.clone();
    for name in 1..20 {
        browser = KnownBrowser::remember(Some(&browser), name.to_string());
    }
    browser = KnownBrowser::remember(Some(&browser), "15".to_owned());
    assert_eq!(browser.id, id);
    assert_eq!(browser.names, ["12", "13", "14", "16", "17", "18", "19", "15"]);
}
