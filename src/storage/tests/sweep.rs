//! The sweeper takes what has expired and nothing else.

use super::sample::{
    at, find_grant, grant, is_revoked, redemption, refresh_token, revocation, session,
};
use crate::storage::scratch::{Scratch, on_each_database};
use crate::storage::{
    Write, grant, redemption, redemptions, refresh_token, refresh_tokens, revocation, session,
    sessions, sweep,
};

on_each_database! {
    what_lives_is_left
    more_than_a_batch_goes_in_one_sweep
}

async fn what_lives_is_left(db: Scratch) {
    let soon = at(1_000);
    let expiring = Write {
        claim: Some(redemption::Model { expires_at: soon, ..redemption("old", "old") }),
        grants: vec![grant::Model { expires_at: soon, ..grant("old", "alice", "old") }],
        refresh_tokens: vec![refresh_token("old", "old")],
        revocations: vec![revocation::Model { expires_at: soon, ..revocation("old") }],
        sessions: vec![session::Model { expires_at: soon, ..session("old", "alice") }],
    };
    let living = Write {
        claim: Some(redemption("young", "young")),
        grants: vec![grant("young", "alice", "young")],
        // Rotated long ago, and of a grant that still stands.
        refresh_tokens: vec![refresh_token::Model {
            expires_at: soon,
            ..refresh_token("young", "young")
        }],
        revocations: vec![revocation("young")],
        sessions: vec![session("young", "alice")],
    };
    db.commit(expiring).await.unwrap();
    db.commit(living).await.unwrap();

    assert_eq!(sweep(&db, soon).await.unwrap(), 0);
    assert_eq!(sweep(&db, at(1_001)).await.unwrap(), 5);
    for (name, stands) in [("old", false), ("young", true)] {
        assert_eq!(redemptions::find(&db, name).await.unwrap().is_some(), stands);
        assert_eq!(find_grant(&db, name).await.is_some(), stands);
        assert_eq!(refresh_tokens::find(&db, name).await.unwrap().is_some(), stands);
        assert_eq!(is_revoked(&db, name).await, stands);
        assert_eq!(sessions::find_by_sid(&db, name).await.unwrap().is_some(), stands);
    }
}

async fn more_than_a_batch_goes_in_one_sweep(db: Scratch) {
    let revocations = (0..600).map(|n| revocation(&n.to_string())).collect();
    db.commit(Write { revocations, ..Write::default() }).await.unwrap();
    assert_eq!(sweep(&db, at(10_001)).await.unwrap(), 600);
}
