//! What holds on every database.

use super::scratch::{Scratch, on_each_database};
use super::*;
use crate::protocol::Timestamp;

on_each_database! {
    migrations_run_once
    a_row_comes_back_as_it_was_put
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

async fn migrations_run_once(db: Scratch) {
    assert!(db.pending_migrations().await.unwrap().is_empty());
    db.migrate().await.unwrap();
    db.ping().await.unwrap();
}

fn an_account(id: &str) -> account::Model {
    account::Model {
        id: id.to_owned(),
        backend: "people".to_owned(),
        subject: format!("subject of {id}"),
        sub: format!("sub of {id}"),
        attributes: vec![0, 255, 7],
        seen_at: at(0),
        created_at: at(0),
        gone_since: None,
    }
}

async fn a_row_comes_back_as_it_was_put(db: Scratch) {
    let alice = accounts::put(&db, an_account("alice")).await.unwrap();
    assert_eq!(accounts::find(&db, "alice").await.unwrap(), Some(alice));
}
