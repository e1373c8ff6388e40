//! Rows to try things with. Each is named after its key.

use sea_orm::EntityTrait;

use crate::protocol::Timestamp;
use crate::storage::{
    Storage, Write, account, client, consent, grant, redemption, refresh_token, revocation, session,
};

/// Milliseconds after the beginning of the test's time.
pub(in crate::storage) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

pub(in crate::storage) fn account(id: &str) -> account::Model {
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

pub(in crate::storage) fn client(id: &str) -> client::Model {
    client::Model {
        id: id.to_owned(),
        metadata: r#"{"client_name":"Prüfstand 🧪"}"#.to_owned(),
        secret_hash: Some("hash".to_owned()),
        secret_sealed: None,
        disabled: false,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(in crate::storage) fn consent(account_id: &str, client_id: &str) -> consent::Model {
    consent::Model {
        account_id: account_id.to_owned(),
        client_id: client_id.to_owned(),
        scope: "openid".to_owned(),
        claims: "{}".to_owned(),
        answered: "request".to_owned(),
        granted_at: at(0),
    }
}

/// A session whose cookie is not its `sid`.
pub(in crate::storage) fn session(sid: &str, account_id: &str) -> session::Model {
    session::Model {
        cookie_hash: format!("cookie of {sid}"),
        sid: sid.to_owned(),
        account_id: account_id.to_owned(),
        auth_time: at(0),
        acr: None,
        amr: r#"["pwd"]"#.to_owned(),
        login_answered: "request".to_owned(),
        choice_answered: None,
        created_at: at(0),
        last_seen_at: at(0),
        expires_at: at(10_000),
    }
}

pub(in crate::storage) fn grant(id: &str, account_id: &str, sid: &str) -> grant::Model {
    grant::Model {
        id: id.to_owned(),
        account_id: account_id.to_owned(),
        client_id: "spa".to_owned(),
        session_id: Some(sid.to_owned()),
        offline: false,
        scope: "openid".to_owned(),
        claims: "{}".to_owned(),
        auth_time: at(0),
        acr: Some("urn:two".to_owned()),
        amr: r#"["pwd"]"#.to_owned(),
        created_at: at(0),
        expires_at: at(10_000),
    }
}

pub(in crate::storage) fn refresh_token(hash: &str, grant_id: &str) -> refresh_token::Model {
    refresh_token::Model {
        hash: hash.to_owned(),
        grant_id: grant_id.to_owned(),
        issued_at: at(0),
        expires_at: at(10_000),
    }
}

pub(in crate::storage) fn redemption(hash: &str, attempt: &str) -> redemption::Model {
    redemption::Model {
        hash: hash.to_owned(),
        attempt: attempt.to_owned(),
        grant_id: format!("grant of {attempt}"),
        redeemed_at: at(0),
        successor: Some(vec![1, 2, 3]),
        expires_at: at(10_000),
    }
}

pub(in crate::storage) fn revocation(id: &str) -> revocation::Model {
    revocation::Model { id: id.to_owned(), expires_at: at(10_000) }
}

/// The grant of this id, whatever became of it.
pub(in crate::storage) async fn find_grant(storage: &Storage, id: &str) -> Option<grant::Model> {
    grant::Entity::find_by_id(id).one(storage.connection()).await.unwrap()
}

pub(in crate::storage) async fn is_revoked(storage: &Storage, id: &str) -> bool {
    let found = revocation::Entity::find_by_id(id);
    found.one(storage.connection()).await.unwrap().is_some()
}

/// A code that is redeemed: the claim, the grant that it makes and its refresh token.
pub(in crate::storage) fn use_of(hash: &str, attempt: &str) -> Write {
    let claim = redemption(hash, attempt);
    Write {
        grants: vec![grant(&claim.grant_id, "alice", "sid")],
        refresh_tokens: vec![refresh_token(&format!("token of {attempt}"), &claim.grant_id)],
        claim: Some(claim),
        ..Write::default()
    }
}

/// Alice is signed in, has a grant of the session and an offline one, each with a refresh token.
pub(in crate::storage) async fn signed_in(storage: &Storage) {
    crate::storage::accounts::put(storage, account("alice")).await.unwrap();
    let offline = grant::Model { offline: true, ..grant("offline", "alice", "sid") };
    let write = Write {
        sessions: vec![session("sid", "alice")],
        grants: vec![grant("online", "alice", "sid"), offline],
        refresh_tokens: vec![
            refresh_token("token of online", "online"),
            refresh_token("token of offline", "offline"),
        ],
        ..Write::default()
    };
    storage.commit(write).await.unwrap();
}
