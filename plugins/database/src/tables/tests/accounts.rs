//! States of accounts, in the forms that applications keep them in.

use serde_json::json;

use super::scratch::ALICE_PASSWORD;
use super::*;

on_each_database! {
    local_times_are_compared_as_the_query_says
    a_state_is_told_only_to_whoever_proves_the_password
    every_state_is_its_own_refusal
    a_state_that_is_neither_yes_nor_no_is_an_error
    a_column_that_is_missing_is_an_error
    who_has_no_password_has_no_right_one
}

// EN1, RT4
async fn a_state_is_told_only_to_whoever_proves_the_password(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    scratch.run("UPDATE people SET off = 1 WHERE id = 1").await;
    let wrong = log_in(&tables, "alice", "guess").await;
    assert!(matches!(wrong, Err(Refusal::WrongCredentials(Some(_)))), "{wrong:?}");
    let right = log_in(&tables, "alice", ALICE_PASSWORD).await;
    assert!(matches!(right, Err(Refusal::Disabled { proved: true, subject: Some(_) })));
    let absent = tables.lookup(&subject("1")).await;
    assert!(matches!(absent, Err(Refusal::Disabled { proved: false, .. })), "{absent:?}");
    scratch.run("DELETE FROM people WHERE id = 1").await;
    assert!(matches!(tables.lookup(&subject("1")).await, Err(Refusal::Unknown)));
}

async fn every_state_is_its_own_refusal(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    let state = async |change: &str| {
        scratch
            .run("UPDATE people SET off = 0, locked = NULL, expires_at = NULL, stale = NULL")
            .await;
        scratch.run(&format!("UPDATE people SET {change} WHERE id = 1")).await;
        log_in(&tables, "alice", ALICE_PASSWORD).await
    };
    assert!(state("off = 0").await.is_ok());
    assert!(state("locked = 'f', stale = FALSE").await.is_ok());
    assert!(matches!(state("off = 2").await, Err(Refusal::Disabled { .. })));
    assert!(matches!(state("locked = 't'").await, Err(Refusal::Locked { .. })));
    assert!(matches!(state("expires_at = '2001-01-01'").await, Err(Refusal::Expired { .. })));
    assert!(matches!(state("stale = TRUE").await, Err(Refusal::PasswordExpired(Some(_)))));
    let both = state("off = 1, locked = 't', stale = TRUE").await;
    assert!(matches!(both, Err(Refusal::Disabled { .. })), "{both:?}");
}

async fn a_state_that_is_neither_yes_nor_no_is_an_error(scratch: Scratch) {
    let query =
        "SELECT id, pw AS password_hash, mail, born FROM people WHERE lower(login) = :username";
    let none = json!({
        "query": query, "lookup_query": null, "disabled": null, "locked": null, "expired": null,
        "must_change": null,
    });
    scratch.run("UPDATE people SET born = '2001-02-03' WHERE id = 1").await;
    for (column, kind) in
        [("mail", "a text that is neither yes nor no"), ("born", "compare it in the query, like")]
    {
        // SQLite has no dates, and keeps them as text.
        let kind = if scratch.url.starts_with("sqlite") { "a text that is neither" } else { kind };
        let mut more = none.clone();
        more["expired"] = json!(column);
        let answer = log_in(&scratch.open(&more), "alice", ALICE_PASSWORD).await;
        let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
        assert!(cause.to_string().contains(kind), "{cause}");
        assert!(!cause.to_string().contains("example.com"), "no value is told: {cause}");
    }
}

async fn a_column_that_is_missing_is_an_error(scratch: Scratch) {
    for option in ["subject", "password", "disabled", "locked", "expired", "must_change"] {
        let tables = scratch.open(&json!({ option: "nowhere" }));
        let answer = log_in(&tables, "alice", ALICE_PASSWORD).await;
        let Err(Refusal::Unavailable(cause)) = answer else { panic!("{option}: {answer:?}") };
        assert!(cause.to_string().contains("the query has no column `nowhere`"), "{cause}");
    }
}

async fn who_has_no_password_has_no_right_one(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    for none in ["NULL", "''", "'!'", "'*'", "'!$2b$04$x'"] {
        scratch.run(&format!("UPDATE people SET pw = {none} WHERE id = 1")).await;
        for guess in [ALICE_PASSWORD, "!", "*", "null"] {
            let answer = log_in(&tables, "alice", guess).await;
            assert!(
                matches!(answer, Err(Refusal::WrongCredentials(Some(_)))),
                "{none}: {answer:?}"
            );
        }
    }
}

/// Five hours ahead of UTC, an account ended an hour ago or ends in an hour.
async fn local_times_are_compared_as_the_query_says(scratch: Scratch) {
    let (kind, ended, going_on, expired) = if scratch.url.starts_with("postgres") {
        (
            "TIMESTAMP",
            "now() AT TIME ZONE 'Asia/Karachi' - INTERVAL '1 hour'",
            "now() AT TIME ZONE 'Asia/Karachi' + INTERVAL '1 hour'",
            "ends < CURRENT_TIMESTAMP AT TIME ZONE 'Asia/Karachi'",
        )
    } else if scratch.url.starts_with("mysql") {
        (
            "DATETIME",
            "UTC_TIMESTAMP() + INTERVAL 4 HOUR",
            "UTC_TIMESTAMP() + INTERVAL 6 HOUR",
            "CONVERT_TZ(ends, '+05:00', '+00:00') < UTC_TIMESTAMP()",
        )
    } else {
        (
            "TIMESTAMP",
            "datetime('now', '+4 hours')",
            "datetime('now', '+6 hours')",
            "ends < datetime('now', '+5 hours')",
        )
    };
    scratch.run(&format!("ALTER TABLE people ADD COLUMN ends {kind} NULL")).await;
    scratch.run(&format!("UPDATE people SET ends = {ended} WHERE id = 1")).await;
    scratch.run(&format!("UPDATE people SET ends = {going_on} WHERE id = 2")).await;
    let open = |expired: &str| {
        let condition = "FROM people WHERE lower(login) = :username";
        scratch.open(&json!({
            "query": format!("SELECT id, pw AS password_hash, {expired} AS expired {condition}"),
            "lookup_query": null, "disabled": null, "locked": null, "must_change": null,
        }))
    };
    let tables = open(expired);
    let alice = log_in(&tables, "alice", ALICE_PASSWORD).await;
    assert!(matches!(alice, Err(Refusal::Expired { .. })), "{alice:?}");
    assert!(log_in(&tables, "bob", ALICE_PASSWORD).await.is_ok());
    // Our session counts in UTC: the plain form would let somebody in whose time is over.
    let careless = open("ends < CURRENT_TIMESTAMP");
    assert!(log_in(&careless, "alice", ALICE_PASSWORD).await.is_ok());
}
