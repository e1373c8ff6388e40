//! Rows are found as they were put.

use super::sample::{account, at, client, consent, find_grant, is_revoked, redemption, signed_in};
use crate::storage::scratch::{Scratch, on_each_database};
use crate::storage::{
    Write, account, accounts, administrator, administrators, client, clients, consent, consents,
    key, keys, redemptions, refresh_tokens, revocations, sweep,
};

on_each_database! {
    an_account_comes_back_as_it_was_put
    two_first_logins_of_one_person_make_one_account
    an_account_is_missed_from_the_first_time_until_it_is_back
    names_are_compared_byte_by_byte
    a_name_with_nul_is_unknown
    a_client_is_replaced_and_keeps_its_age
    a_consent_is_replaced
    an_administrator_gets_another_password
    of_two_keys_of_one_generation_one_is_kept
    a_key_is_sealed_anew_only_if_nobody_else_did
    a_refresh_token_brings_its_grant
    a_redemption_keeps_its_successor
    what_is_taken_back_twice_is_so_until_the_later_time
}

async fn an_account_comes_back_as_it_was_put(db: Scratch) {
    let alice = accounts::put(&db, account("alice")).await.unwrap();
    assert_eq!(alice, account("alice"));
    assert_eq!(accounts::find(&db, "alice").await.unwrap().as_ref(), Some(&alice));
    let found = accounts::find_by_subject(&db, "people", "subject of alice").await.unwrap();
    assert_eq!(found, Some(alice));
    assert_eq!(accounts::find_by_subject(&db, "staff", "subject of alice").await.unwrap(), None);
}

async fn two_first_logins_of_one_person_make_one_account(db: Scratch) {
    let here = account("here");
    let there = account::Model { subject: here.subject.clone(), ..account("there") };
    accounts::put(&db, here.clone()).await.unwrap();
    assert_eq!(accounts::put(&db, there).await.unwrap(), here);
}

async fn an_account_is_missed_from_the_first_time_until_it_is_back(db: Scratch) {
    accounts::put(&db, account("alice")).await.unwrap();
    accounts::miss(&db, "alice", at(5)).await.unwrap();
    accounts::miss(&db, "alice", at(9)).await.unwrap();
    assert_eq!(accounts::find(&db, "alice").await.unwrap().unwrap().gone_since, Some(at(5)));

    let photo = vec![9; 200_000];
    accounts::renew(&db, "alice", photo.clone(), at(12)).await.unwrap();
    let alice = accounts::find(&db, "alice").await.unwrap().unwrap();
    assert_eq!((alice.gone_since, alice.seen_at, alice.attributes), (None, at(12), photo));
}

async fn names_are_compared_byte_by_byte(db: Scratch) {
    clients::put(&db, client("app")).await.unwrap();
    for other in ["App", "app ", "äpp", "ａpp", ""] {
        assert_eq!(clients::find(&db, other).await.unwrap(), None, "{other:?}");
    }
    accounts::put(&db, account("alice")).await.unwrap();
    for other in ["Subject of alice", "subject of alice "] {
        assert_eq!(
            accounts::find_by_subject(&db, "people", other).await.unwrap(),
            None,
            "{other:?}"
        );
    }
}

async fn a_name_with_nul_is_unknown(db: Scratch) {
    assert_eq!(clients::find(&db, "a\0b").await.unwrap(), None);
    assert_eq!(accounts::find_by_subject(&db, "people", "a\0b").await.unwrap(), None);
    assert_eq!(administrators::find(&db, "a\0b").await.unwrap(), None);
}

async fn a_client_is_replaced_and_keeps_its_age(db: Scratch) {
    clients::put(&db, client("app")).await.unwrap();
    clients::put(&db, client("spa")).await.unwrap();
    let later = client::Model {
        metadata: "{}".to_owned(),
        secret_hash: None,
        secret_sealed: Some(vec![7]),
        created_at: at(99),
        updated_at: at(99),
        ..client("app")
    };
    clients::put(&db, later.clone()).await.unwrap();
    let expected = client::Model { created_at: at(0), ..later };
    assert_eq!(clients::list(&db).await.unwrap(), [expected, client("spa")]);

    assert!(clients::set_disabled(&db, "app", true, at(100)).await.unwrap());
    assert!(clients::find(&db, "app").await.unwrap().unwrap().disabled);
    assert!(!clients::set_disabled(&db, "nobody", true, at(100)).await.unwrap());
}

async fn a_consent_is_replaced(db: Scratch) {
    let first = consent("alice", "app");
    assert!(consents::put(&db, first.clone(), None).await.unwrap());
    assert!(!consents::put(&db, first.clone(), None).await.unwrap());
    let more = consent::Model {
        scope: "openid email".to_owned(),
        answered: "another request".to_owned(),
        ..first.clone()
    };
    assert!(consents::put(&db, more.clone(), Some(&first)).await.unwrap());
    // Of two who replace the same one, the second hears that it is another by now.
    assert!(!consents::put(&db, more.clone(), Some(&first)).await.unwrap());
    assert_eq!(consents::find(&db, "alice", "app").await.unwrap(), Some(more));
    assert_eq!(consents::find(&db, "bob", "app").await.unwrap(), None);
}

async fn an_administrator_gets_another_password(db: Scratch) {
    let root = |password: &str| administrator::Model {
        username: "root".to_owned(),
        password_hash: password.to_owned(),
        created_at: at(0),
        updated_at: at(0),
    };
    administrators::put(&db, root("first")).await.unwrap();
    administrators::put(&db, root("second")).await.unwrap();
    assert_eq!(administrators::find(&db, "root").await.unwrap(), Some(root("second")));
    assert_eq!(administrators::find(&db, "other").await.unwrap(), None);
}

fn a_key(kid: &str, generation: i64) -> key::Model {
    key::Model {
        kid: kid.to_owned(),
        algorithm: "ES256".to_owned(),
        generation,
        private: vec![1],
        public: "{}".to_owned(),
        activates_at: at(0),
        created_at: at(0),
    }
}

async fn of_two_keys_of_one_generation_one_is_kept(db: Scratch) {
    assert!(keys::put(&db, a_key("later", 2)).await.unwrap());
    assert!(keys::put(&db, a_key("one", 1)).await.unwrap());
    assert!(!keys::put(&db, a_key("other", 1)).await.unwrap());
    assert_eq!(keys::list(&db).await.unwrap(), [a_key("one", 1), a_key("later", 2)]);
}

async fn a_key_is_sealed_anew_only_if_nobody_else_did(db: Scratch) {
    keys::put(&db, a_key("kid", 1)).await.unwrap();
    assert!(keys::reseal(&db, "kid", vec![1], vec![2]).await.unwrap());
    assert!(!keys::reseal(&db, "kid", vec![1], vec![3]).await.unwrap());
    assert_eq!(keys::list(&db).await.unwrap().first().unwrap().private, [2]);
}

async fn a_refresh_token_brings_its_grant(db: Scratch) {
    signed_in(&db).await;
    let (token, grant) = refresh_tokens::find(&db, "token of online").await.unwrap().unwrap();
    assert_eq!((token.grant_id.as_str(), grant.id.as_str()), ("online", "online"));
    assert_eq!(find_grant(&db, "online").await, Some(grant));
    assert_eq!(refresh_tokens::find(&db, "no token").await.unwrap(), None);
}

async fn a_redemption_keeps_its_successor(db: Scratch) {
    let claim = Some(redemption("code", "one"));
    db.commit(Write { claim: claim.clone(), ..Write::default() }).await.unwrap();
    assert_eq!(redemptions::find(&db, "code").await.unwrap(), claim);
    assert_eq!(redemptions::find(&db, "other").await.unwrap(), None);
}

async fn what_is_taken_back_twice_is_so_until_the_later_time(db: Scratch) {
    revocations::put(&db, "jti", at(1)).await.unwrap();
    revocations::put(&db, "jti", at(2)).await.unwrap();
    sweep(&db, at(2)).await.unwrap();
    assert!(is_revoked(&db, "jti").await && !is_revoked(&db, "other").await);
}
