//! What ends with what, and that nothing made at the same moment outlives it.

use super::sample::{
    account, at, client, consent, find_grant, grant, is_revoked, session, signed_in,
};
use crate::storage::scratch::{Scratch, on_each_database};
use crate::storage::{
    Storage, Write, accounts, clients, consents, grant, grants, liveness, refresh_tokens,
    revocations, session, sessions,
};

on_each_database! {
    a_session_ends_with_its_grants_but_for_offline_ones
    a_session_that_is_gone_still_ends_its_grants
    all_sessions_of_an_account_end_and_no_other
    a_grant_is_revoked_before_it_is_committed
    a_revoked_token_is_dead_and_its_grant_lives
    an_account_is_removed_with_all_that_is_theirs
    a_client_is_removed_with_all_it_was_granted
    a_consent_that_is_taken_back_ends_its_grants
    a_session_stands_behind_front_channel_tokens
}

async fn lives(db: &Storage, grant_id: &str) -> bool {
    liveness::of_grant(db, grant_id, Some("jti")).await.unwrap().is_some()
}

async fn refreshes(db: &Storage, hash: &str) -> bool {
    refresh_tokens::find(db, hash).await.unwrap().is_some()
}

async fn a_session_ends_with_its_grants_but_for_offline_ones(db: Scratch) {
    signed_in(&db).await;
    assert!(lives(&db, "online").await && lives(&db, "offline").await);

    sessions::end(&db, "sid", at(20_000)).await.unwrap();
    assert_eq!(sessions::find(&db, "cookie of sid").await.unwrap(), None);
    assert!(!lives(&db, "online").await && lives(&db, "offline").await);
    assert!(!refreshes(&db, "token of online").await && refreshes(&db, "token of offline").await);
    assert!(is_revoked(&db, "online").await);
    assert!(!is_revoked(&db, "offline").await);

    // A code of this session that is redeemed at this moment.
    let late = Write { grants: vec![grant("late", "alice", "sid")], ..Write::default() };
    db.commit(late).await.unwrap();
    assert!(!lives(&db, "late").await);
}

async fn a_session_that_is_gone_still_ends_its_grants(db: Scratch) {
    accounts::put(&db, account("alice")).await.unwrap();
    let made = Write { grants: vec![grant("online", "alice", "sid")], ..Write::default() };
    db.commit(made).await.unwrap();
    sessions::end(&db, "sid", at(20_000)).await.unwrap();
    assert!(!lives(&db, "online").await);
}

async fn all_sessions_of_an_account_end_and_no_other(db: Scratch) {
    signed_in(&db).await;
    sessions::put(&db, session("second", "alice")).await.unwrap();
    sessions::put(&db, session("bob", "bob")).await.unwrap();

    sessions::end_all(&db, "alice", at(20_000)).await.unwrap();
    assert!(!lives(&db, "online").await && lives(&db, "offline").await);
    let found = |cookie: &'static str| sessions::find(&db, cookie);
    assert_eq!(found("cookie of sid").await.unwrap(), None);
    assert_eq!(found("cookie of second").await.unwrap(), None);
    assert!(found("cookie of bob").await.unwrap().is_some());
}

async fn a_grant_is_revoked_before_it_is_committed(db: Scratch) {
    accounts::put(&db, account("alice")).await.unwrap();
    grants::revoke(&db, "late", at(20_000)).await.unwrap();
    let late = grant::Model { offline: true, ..grant("late", "alice", "sid") };
    db.commit(Write { grants: vec![late], ..Write::default() }).await.unwrap();
    assert!(!lives(&db, "late").await);
}

async fn a_revoked_token_is_dead_and_its_grant_lives(db: Scratch) {
    signed_in(&db).await;
    revocations::put(&db, "jti", at(20_000)).await.unwrap();
    assert!(!lives(&db, "online").await);
    assert!(liveness::of_grant(&db, "online", Some("other jti")).await.unwrap().is_some());
    assert!(liveness::of_grant(&db, "online", None).await.unwrap().is_some());
}

async fn an_account_is_removed_with_all_that_is_theirs(db: Scratch) {
    signed_in(&db).await;
    assert!(consents::put(&db, consent("alice", "spa"), None).await.unwrap());
    accounts::remove(&db, "alice", at(20_000)).await.unwrap();
    assert_eq!(accounts::find(&db, "alice").await.unwrap(), None);
    assert_eq!(sessions::find(&db, "cookie of sid").await.unwrap(), None);
    assert_eq!(consents::find(&db, "alice", "spa").await.unwrap(), None);
    assert_eq!(find_grant(&db, "offline").await, None);
    assert!(!refreshes(&db, "token of offline").await);
}

async fn a_client_is_removed_with_all_it_was_granted(db: Scratch) {
    signed_in(&db).await;
    clients::put(&db, client("spa")).await.unwrap();
    assert!(consents::put(&db, consent("alice", "spa"), None).await.unwrap());
    assert!(clients::remove(&db, "spa", at(20_000)).await.unwrap());
    assert!(!clients::remove(&db, "spa", at(20_000)).await.unwrap());
    assert_eq!(clients::find(&db, "spa").await.unwrap(), None);
    assert_eq!(consents::find(&db, "alice", "spa").await.unwrap(), None);
    assert!(!lives(&db, "online").await && !lives(&db, "offline").await);
    assert!(is_revoked(&db, "offline").await);
    assert!(sessions::find(&db, "cookie of sid").await.unwrap().is_some());
}

async fn a_consent_that_is_taken_back_ends_its_grants(db: Scratch) {
    signed_in(&db).await;
    assert!(consents::put(&db, consent("alice", "spa"), None).await.unwrap());
    assert!(consents::put(&db, consent("alice", "other"), None).await.unwrap());
    assert!(consents::remove(&db, "alice", "other", at(20_000)).await.unwrap());
    assert!(lives(&db, "online").await && lives(&db, "offline").await);
    assert!(consents::remove(&db, "alice", "spa", at(20_000)).await.unwrap());
    assert!(!lives(&db, "online").await && !lives(&db, "offline").await);
}

async fn a_session_stands_behind_front_channel_tokens(db: Scratch) {
    signed_in(&db).await;
    let living = async |jti| liveness::of_session(&db, "sid", Some(jti)).await.unwrap();
    let (session, alice) = living("jti").await.unwrap();
    assert_eq!((session.sid.as_str(), alice), ("sid", account("alice")));

    let anew = session::Model { cookie_hash: "new".to_owned(), ..session };
    sessions::rotate(&db, "cookie of sid", anew).await.unwrap();
    assert!(living("jti").await.is_some());
    revocations::put(&db, "jti", at(20_000)).await.unwrap();
    assert!(living("jti").await.is_none() && living("other").await.is_some());
    sessions::end(&db, "sid", at(20_000)).await.unwrap();
    assert!(living("other").await.is_none());
}
