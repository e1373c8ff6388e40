//! Opening a database, and its not being there.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use sea_orm::{ConnectionTrait, TransactionTrait};

use super::sample::use_of;
use crate::storage::scratch::{self, Scratch, on_each_database};
use crate::storage::{Fault, Settings, Storage, clients};

on_each_database! {
    migrations_run_once
    a_pool_without_a_free_connection_is_unavailable
}

async fn migrations_run_once(db: Scratch) {
    assert!(db.pending_migrations().await.unwrap().is_empty());
    db.migrate().await.unwrap();
    db.ping().await.unwrap();
}

async fn a_pool_without_a_free_connection_is_unavailable(db: Scratch) {
    let settings =
        Settings { connections: 1, patience: Duration::from_millis(200), ..Settings::new(&db.url) };
    let small = Storage::open(&settings).await.unwrap();
    let _reader = small.connection().begin().await.unwrap();
    let refused = clients::find(&small, "spa").await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
}

#[tokio::test]
async fn a_new_database_needs_every_migration() {
    let db = scratch::sqlite().await;
    let url = db.url.replace("vestibule.db", "other.db");
    let storage = Storage::open(&Settings::new(url)).await.unwrap();
    assert_eq!(storage.pending_migrations().await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_sqlite_file_and_its_companions_are_readable_by_their_owner_alone() {
    let db = scratch::sqlite().await;
    let file = db.url.strip_prefix("sqlite:").unwrap();
    for companion in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{file}{companion}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}{companion}");
    }
}

#[tokio::test]
async fn sqlite_is_durable_and_its_readers_cannot_write() {
    let db = scratch::sqlite().await;
    let pragma = async |name: &str| {
        let sql = format!("PRAGMA {name}");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        db.write_connection().query_one_raw(statement).await.unwrap().unwrap()
    };
    let mode: String = pragma("journal_mode").await.try_get_by_index(0).unwrap();
    let synchronous: i32 = pragma("synchronous").await.try_get_by_index(0).unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
    let written = db.connection().execute_unprepared("DELETE FROM client").await;
    assert!(Fault::from(written.unwrap_err()).is_unavailable());
}

#[tokio::test]
async fn what_is_not_an_address_of_a_database_is_refused() {
    for url in ["", "file.db", "oracle://db", "sqlite::memory:", "sqlite:/no/such/folder/file.db"] {
        let refused = Storage::open(&Settings::new(url)).await.err();
        assert!(matches!(refused, Some(Fault::Broken(_))), "{url}: {refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable() {
    for url in ["postgres://nobody@127.0.0.1:1/x", "mysql://nobody@127.0.0.1:1/x"] {
        let settings = Settings { patience: Duration::from_millis(200), ..Settings::new(url) };
        let refused = Storage::open(&settings).await.err().unwrap();
        assert!(refused.is_unavailable(), "{url}: {refused}");
    }
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_unavailable() {
    let db = scratch::postgres().await;
    let (_, name) = db.url.rsplit_once('/').unwrap();
    let read_only = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    db.write_connection().execute_unprepared(&read_only).await.unwrap();

    let standby = Storage::open(&Settings::new(&db.url)).await.unwrap();
    let refused = standby.commit(use_of("code", "one")).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
}
