//! A session changes its cookie, is used, and is chosen.

use std::sync::Arc;

use super::sample::{at, session, signed_in};
use crate::storage::scratch::{Scratch, on_each_database};
use crate::storage::{session, sessions};

on_each_database! {
    a_session_is_found_by_cookie_and_sid
    a_rotated_cookie_is_dead
    of_fifty_rotations_one_counts
    a_session_is_touched_and_chosen_while_it_stands
}

async fn a_session_is_found_by_cookie_and_sid(db: Scratch) {
    sessions::put(&db, session("sid", "alice")).await.unwrap();
    let found = sessions::find(&db, "cookie of sid").await.unwrap();
    assert_eq!(found, Some(session("sid", "alice")));
    assert_eq!(sessions::find_by_sid(&db, "sid").await.unwrap(), found);
    assert_eq!(sessions::find(&db, "sid").await.unwrap(), None);
}

async fn a_rotated_cookie_is_dead(db: Scratch) {
    signed_in(&db).await;
    let anew = session::Model {
        cookie_hash: "new cookie".to_owned(),
        acr: Some("urn:two".to_owned()),
        ..session("sid", "alice")
    };
    assert!(sessions::rotate(&db, "cookie of sid", anew.clone()).await.unwrap());
    assert_eq!(sessions::find(&db, "cookie of sid").await.unwrap(), None);
    assert_eq!(sessions::find(&db, "new cookie").await.unwrap(), Some(anew.clone()));
    assert!(!sessions::rotate(&db, "cookie of sid", anew).await.unwrap());
}

async fn of_fifty_rotations_one_counts(db: Scratch) {
    signed_in(&db).await;
    let db = Arc::new(db);
    let tries = (0..50).map(|n| {
        let db = Arc::clone(&db);
        let cookie_hash = format!("cookie {n}");
        let anew = session::Model { cookie_hash, ..session("sid", "alice") };
        tokio::spawn(async move { sessions::rotate(&db, "cookie of sid", anew).await.unwrap() })
    });
    let mut won = 0;
    for attempt in tries.collect::<Vec<_>>() {
        won += i32::from(attempt.await.unwrap());
    }
    assert_eq!(won, 1);
}

async fn a_session_is_touched_and_chosen_while_it_stands(db: Scratch) {
    signed_in(&db).await;
    assert!(sessions::touch(&db, "cookie of sid", at(5), at(20_000)).await.unwrap());
    assert!(sessions::choose(&db, "cookie of sid", "request 2").await.unwrap());
    let found = sessions::find(&db, "cookie of sid").await.unwrap().unwrap();
    assert_eq!((found.last_seen_at, found.expires_at), (at(5), at(20_000)));
    assert_eq!(found.choice_answered.as_deref(), Some("request 2"));

    sessions::end(&db, "sid", at(9_000)).await.unwrap();
    assert!(!sessions::touch(&db, "cookie of sid", at(6), at(20_000)).await.unwrap());
    assert!(!sessions::choose(&db, "cookie of sid", "request 3").await.unwrap());
}
