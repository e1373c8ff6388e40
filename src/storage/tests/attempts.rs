//! Tries at a password are counted, each of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::sample::at;
use crate::storage::attempts::{count, read, take_back};
use crate::storage::scratch::{Scratch, on_each_database};

on_each_database! {
    a_hundred_tries_at_once_count_a_hundred
    a_window_ends_and_another_begins
    a_success_takes_back_its_own_try
}

const MINUTE: Duration = Duration::from_secs(60);

fn buckets(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

// LK5
async fn a_hundred_tries_at_once_count_a_hundred(db: Scratch) {
    let db = Arc::new(db);
    let tries = (0..100).map(|n| {
        let db = Arc::clone(&db);
        // Named in either order, as two who lock in different orders wait for each other.
        let names = if n % 2 == 0 { ["name", "address"] } else { ["address", "name"] };
        tokio::spawn(async move {
            let counted = count(&db, &buckets(&names), at(n), MINUTE).await.unwrap();
            let [address, name] = counted.as_slice() else { panic!("{counted:?}") };
            assert_eq!((address.bucket.as_str(), name.bucket.as_str()), ("address", "name"));
            assert_eq!(address.failures, name.failures);
            name.failures
        })
    });
    let mut heard = BTreeSet::new();
    for attempt in tries.collect::<Vec<_>>() {
        heard.insert(attempt.await.unwrap());
    }
    assert_eq!(heard, (1..=100).collect());
}

async fn a_window_ends_and_another_begins(db: Scratch) {
    let name = buckets(&["name"]);
    let tried = async |millis| {
        let counted = count(&db, &name, at(millis), MINUTE).await.unwrap();
        (counted[0].failures, counted[0].first_at, counted[0].last_at)
    };
    assert_eq!(tried(0).await, (1, at(0), at(0)));
    assert_eq!(tried(59_999).await, (2, at(0), at(59_999)));
    assert_eq!(read(&db, &name, at(59_999), MINUTE).await.unwrap()[0].failures, 2);
    assert!(read(&db, &name, at(60_000), MINUTE).await.unwrap().is_empty());
    assert_eq!(tried(60_000).await, (1, at(60_000), at(60_000)));
}

async fn a_success_takes_back_its_own_try(db: Scratch) {
    let both = buckets(&["name", "address"]);
    count(&db, &both, at(0), MINUTE).await.unwrap();
    count(&db, &both, at(1), MINUTE).await.unwrap();
    take_back(&db, &both).await.unwrap();
    take_back(&db, &buckets(&["name", "nobody"])).await.unwrap();
    take_back(&db, &buckets(&["name"])).await.unwrap();
    let failures =
        async |name| read(&db, &buckets(&[name]), at(2), MINUTE).await.unwrap()[0].failures;
    assert_eq!((failures("name").await, failures("address").await), (0, 1));
}
