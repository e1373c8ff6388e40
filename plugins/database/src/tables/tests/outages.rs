//! A database that is away is an outage and never a refusal, and is found again when it is back.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use vestibule_counterparts::Proxy;
use vestibule_plugin::HostState;

use super::scratch::ALICE_PASSWORD;
use super::*;

on_each_database! {
    a_broken_table_is_an_outage_and_no_refusal
    a_database_that_is_nowhere_is_an_outage
}

async fn a_broken_table_is_an_outage_and_no_refusal(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    scratch.run("DROP TABLE memberships").await;
    let answer = log_in(&tables, "alice", ALICE_PASSWORD).await;
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "groups were not read: {answer:?}");
    scratch.run("DROP TABLE people").await;
    let answer = log_in(&tables, "alice", ALICE_PASSWORD).await;
    let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
    assert!(cause.to_string().contains("`query` failed"), "{cause}");
    assert!(matches!(tables.lookup(&subject("1")).await, Err(Refusal::Unavailable(_))));
    assert!(tables.health().await.is_ok(), "the database itself answers");
}

async fn a_database_that_is_nowhere_is_an_outage(scratch: Scratch) {
    let tables = scratch.open(&json!({ "url": format!("{}_nowhere", scratch.url) }));
    let answer = log_in(&tables, "alice", ALICE_PASSWORD).await;
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{answer:?}");
    assert!(matches!(tables.lookup(&subject("1")).await, Err(Refusal::Unavailable(_))));
    assert!(tables.health().await.is_err());
}

/// The server of a database behind a proxy, and the database's address there.
async fn behind_proxy(url: &str) -> (Proxy, String) {
    let (before, rest) = url.split_once('@').unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let proxy = Proxy::to(server.parse::<SocketAddr>().unwrap()).await;
    let url = format!("{before}@{}/{database}", proxy.address());
    (proxy, url)
}

async fn stopped_and_started(scratch: Scratch) {
    let (mut proxy, url) = behind_proxy(&scratch.url).await;
    let tables = scratch.open(&json!({ "url": url }));
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
    assert_eq!(tables.hosts()[0].state, HostState::Up);

    proxy.kill().await;
    for name in ["alice", "nobody"] {
        let answer = log_in(&tables, name, ALICE_PASSWORD).await;
        assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{name}: {answer:?}");
    }
    assert!(matches!(tables.lookup(&subject("1")).await, Err(Refusal::Unavailable(_))));
    assert!(matches!(&tables.hosts()[0].state, HostState::Down { .. }));
    let probes = tables.rehearsal().unwrap().probe().await;
    let why = probes[0].outcome.as_ref().unwrap_err();
    assert!(why.contains("refused"), "{why}");

    proxy.revive().await;
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok(), "without a restart");
    assert_eq!(tables.hosts()[0].state, HostState::Up);

    // Connections that broke while nobody used them are replaced unnoticed.
    proxy.cut();
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
}

/// The host gives up a call that takes too long: its connection must not answer somebody else's.
async fn frozen_and_thawed(scratch: Scratch) {
    let (proxy, url) = behind_proxy(&scratch.url).await;
    let tables = scratch.open(&json!({ "url": url, "connections": 1 }));
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
    proxy.freeze();
    for name in ["alice", "bob", "nobody"] {
        let patience = Duration::from_millis(300);
        let answer = timeout(patience, log_in(&tables, name, ALICE_PASSWORD)).await;
        assert!(!matches!(answer, Ok(Ok(_) | Err(Refusal::Unknown))), "{name}: {answer:?}");
    }
    proxy.thaw();
    for (name, id) in [("bob", "2"), ("alice", "1"), ("carol", "3")] {
        let identity = log_in(&tables, name, ALICE_PASSWORD).await.unwrap();
        assert_eq!(identity.subject.as_str(), id);
        assert_eq!(tables.lookup(&identity.subject).await.unwrap(), identity);
    }
}

/// More logins than connections are given up on a silent network: none stays occupied for long.
async fn silent_and_cut(scratch: Scratch) {
    let (proxy, url) = behind_proxy(&scratch.url).await;
    let tables = scratch.open(&json!({ "url": url, "connections": 2 }));
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
    proxy.freeze();
    for _ in 0..4 {
        let patience = Duration::from_millis(300);
        let answer = timeout(patience, log_in(&tables, "alice", ALICE_PASSWORD)).await;
        assert!(!matches!(answer, Ok(Ok(_))), "{answer:?}");
    }
    proxy.thaw();
    proxy.cut();
    let patience = Duration::from_secs(8);
    let back = async { while log_in(&tables, "alice", ALICE_PASSWORD).await.is_err() {} };
    timeout(patience, back).await.unwrap_or_else(|_| panic!("{:?}", tables.hosts()));
}

#[tokio::test]
async fn postgresql_falls_silent_and_is_cut() {
    silent_and_cut(scratch::postgres().await).await;
}

#[tokio::test]
async fn mariadb_falls_silent_and_is_cut() {
    silent_and_cut(scratch::mariadb().await).await;
}

/// Wherever an answer breaks off, it is an outage: never "nobody has this name".
async fn cut_in_the_middle(scratch: Scratch) {
    let (proxy, url) = behind_proxy(&scratch.url).await;
    for bytes in [0, 1, 100, 300, 400, 450, 500, 550, 600, 700, 900] {
        proxy.swallow_after(Some(bytes));
        let tables = scratch.open(&json!({ "url": url, "connections": 1 }));
        let cut = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            proxy.swallow_after(Some(0));
            proxy.cut();
        };
        let log_in = timeout(Duration::from_millis(400), log_in(&tables, "alice", ALICE_PASSWORD));
        let (answer, ()) = tokio::join!(log_in, cut);
        let known = matches!(answer, Err(_) | Ok(Ok(_) | Err(Refusal::Unavailable(_))));
        assert!(known, "{bytes}: {answer:?}");
    }
    proxy.swallow_after(None);
    assert!(log_in(&scratch.open(&json!({ "url": url })), "alice", ALICE_PASSWORD).await.is_ok());
}

#[tokio::test]
async fn postgresql_is_cut_in_the_middle() {
    cut_in_the_middle(scratch::postgres().await).await;
}

#[tokio::test]
async fn mariadb_is_cut_in_the_middle() {
    cut_in_the_middle(scratch::mariadb().await).await;
}

#[tokio::test]
async fn postgresql_is_frozen_and_thawed() {
    frozen_and_thawed(scratch::postgres().await).await;
}

#[tokio::test]
async fn mariadb_is_frozen_and_thawed() {
    frozen_and_thawed(scratch::mariadb().await).await;
}

#[tokio::test]
async fn postgresql_is_stopped_and_started() {
    stopped_and_started(scratch::postgres().await).await;
}

#[tokio::test]
async fn mariadb_is_stopped_and_started() {
    stopped_and_started(scratch::mariadb().await).await;
}
