//! What every backend promises, and that names stay names.

use serde_json::json;
use vestibule_plugin::conformance::{self, Known};

use super::scratch::ALICE_PASSWORD;
use super::*;

on_each_database! {
    the_contract_is_kept
    without_a_lookup_query_there_is_no_directory
    a_name_is_never_more_than_a_name
    two_rows_for_a_name_are_an_error
    a_subject_is_compared_byte_by_byte
    health_asks_the_database
}

// LD1, LD2
async fn the_contract_is_kept(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    let attributes = &["mail", "groups", "username"];
    let known = Known { username: "alice", password: ALICE_PASSWORD, attributes };
    conformance::password_backend(&tables, known).await;
    for closed in ["off = 1", "off = 0, locked = 'Y'", "locked = 'N', expires_at = '2001-01-01'"] {
        scratch.run(&format!("UPDATE people SET {closed} WHERE id = 1")).await;
        conformance::a_closed_account_is_refused(&tables, "alice", ALICE_PASSWORD).await;
    }
    scratch.run("UPDATE people SET expires_at = '2100-01-01' WHERE id = 1").await;
    conformance::password_backend(&tables, known).await;
}

async fn without_a_lookup_query_there_is_no_directory(scratch: Scratch) {
    let tables = scratch.open(&json!({ "lookup_query": null }));
    assert!(tables.directory().is_none());
    assert!(tables.password_change().is_none());
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
}

async fn a_name_is_never_more_than_a_name(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    assert!(log_in(&tables, "o'hara", ALICE_PASSWORD).await.is_ok());
    for name in [
        "' OR '1'='1",
        "x'; DROP TABLE people; --",
        "alice' --",
        "alice'/*",
        "\\' OR 1=1 -- ",
        "\" OR \"\"=\"",
        "1 OR 1=1",
        "%",
        "alice%",
        "a_ice",
        "$1",
        "?",
        ":username",
        "{username}",
        "0",
        "1",
    ] {
        let answer = log_in(&tables, name.trim(), ALICE_PASSWORD).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{name}: {answer:?}");
        let directory = tables.directory().unwrap();
        if name != "1" {
            let answer = directory.lookup(&subject(name)).await;
            assert!(matches!(answer, Err(Refusal::Unknown)), "{name}: {answer:?}");
        }
    }
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok(), "the table is still there");
}

async fn two_rows_for_a_name_are_an_error(scratch: Scratch) {
    let query = "SELECT p.id, p.pw AS password_hash FROM people p LEFT JOIN memberships m \
                 ON m.person = p.id WHERE lower(p.login) = :username";
    let more = json!({
        "query": query, "disabled": null, "locked": null, "expired": null, "must_change": null,
        "lookup_query": null, "groups_query": null,
    });
    let tables = scratch.open(&more);
    let answer = log_in(&tables, "alice", ALICE_PASSWORD).await;
    let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
    assert!(cause.to_string().contains("`query` found two rows for one person"), "{cause}");
    assert!(log_in(&tables, "bob", ALICE_PASSWORD).await.is_ok(), "who has one is let in");
}

async fn a_subject_is_compared_byte_by_byte(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    let directory = tables.directory().unwrap();
    assert!(directory.lookup(&subject("1")).await.is_ok());
    // MySQL takes the number from the beginning of a text, SQLite makes one of what looks like it.
    for other in ["01", "1.0", "+1", "1 of 9", "1e0", " 1", "9223372036854775808"] {
        let answer = directory.lookup(&subject(other)).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{other}: {answer:?}");
    }
}

async fn health_asks_the_database(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    assert_eq!(tables.hosts()[0].state, vestibule_plugin::HostState::Untried);
    tables.health().await.unwrap();
    let host = &tables.hosts()[0];
    assert_eq!(host.state, vestibule_plugin::HostState::Up);
    assert!(
        !host.name.contains("vestibule@") && !host.name.contains(":vestibule"),
        "{}",
        host.name
    );
    assert_eq!(host.pool.map(|pool| (pool.most, pool.open)), Some((8, 1)));
}
