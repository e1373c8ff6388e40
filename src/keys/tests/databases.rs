//! What several nodes do to one database, on each kind of it.

use super::*;
use crate::storage::scratch::{Scratch, on_each_database};
use crate::storage::{account, accounts, client, clients};

on_each_database! {
    nodes_that_start_at_once_agree
    nodes_that_rotate_at_once_make_one_key
    everything_at_rest_is_encrypted_anew_under_a_new_master_key
}

async fn node(storage: &Storage, sealer: &Sealer) -> Keys {
    Keys::open(storage.clone(), sealer.clone(), settings(), START).await.unwrap()
}

async fn nodes_that_start_at_once_agree(scratch: Scratch) {
    let mut nodes = JoinSet::new();
    for _ in 0..8 {
        let storage = scratch.storage.clone();
        nodes.spawn(async move { node(&storage, &sealer("A")).await });
    }
    let nodes = nodes.join_all().await;
    let texts: BTreeSet<_> = nodes.iter().map(|keys| keys.jwks(START)).collect();
    let signers: BTreeSet<_> = nodes.iter().map(|keys| signing(keys, START)).collect();
    assert_eq!((texts.len(), signers.len()), (1, 1));
    assert_eq!(nodes[0].list(START).len(), 2);
}

async fn nodes_that_rotate_at_once_make_one_key(scratch: Scratch) {
    let one = node(&scratch, &sealer("A")).await;
    let other = node(&scratch, &sealer("A")).await;
    let (rotate, now) = ([Algorithm::ES256], START.plus(DAY));
    let (first, second) = tokio::join!(one.rotate(&rotate, now), other.rotate(&rotate, now));
    first.unwrap();
    second.unwrap();
    assert_eq!(one.list(now), other.list(now));
    assert_eq!(one.list(now).len(), 3);
}

async fn everything_at_rest_is_encrypted_anew_under_a_new_master_key(scratch: Scratch) {
    let (old, new) = (sealer("A"), sealer("B"));
    let both = Sealer::new(&master("B"), Some(&master("A"))).unwrap();
    let before = node(&scratch, &old).await.jwks(START);
    for id in ["app", "public"] {
        let secret = old.encrypt(Purpose::ClientSecret, id, b"s3cret").unwrap();
        let secret = (id == "app").then_some(secret);
        clients::put(&scratch, client_row(id, secret)).await.unwrap();
    }
    for id in ["alice", "bob"] {
        let attributes = old.encrypt(Purpose::Account, id, id.as_bytes()).unwrap();
        accounts::put(&scratch, account_row(id, attributes)).await.unwrap();
    }
    accounts::put(&scratch, account_row("carol", vec![7; 40])).await.unwrap();

    let resealed = reseal(&scratch, &both).await.unwrap();
    assert_eq!(resealed.renewed, 5);
    assert_eq!(resealed.refused, [("account", "carol".to_owned())]);
    assert_eq!(reseal(&scratch, &both).await.unwrap().renewed, 0);

    assert_eq!(node(&scratch, &new).await.jwks(START), before);
    let bob = accounts::find(&scratch, "bob").await.unwrap().unwrap();
    assert_eq!(**new.decrypt(Purpose::Account, "bob", &bob.attributes).unwrap(), *b"bob");
    let app = clients::find(&scratch, "app").await.unwrap().unwrap().secret_sealed.unwrap();
    assert_eq!(**new.decrypt(Purpose::ClientSecret, "app", &app).unwrap(), *b"s3cret");
}

fn client_row(id: &str, secret_sealed: Option<Vec<u8>>) -> client::Model {
    client::Model {
        id: id.to_owned(),
        metadata: "{}".to_owned(),
        secret_hash: None,
        secret_sealed,
        disabled: false,
        created_at: START,
        updated_at: START,
    }
}

fn account_row(id: &str, attributes: Vec<u8>) -> account::Model {
    account::Model {
        id: id.to_owned(),
        backend: "people".to_owned(),
        subject: id.to_owned(),
        sub: id.to_owned(),
        attributes,
        seen_at: START,
        created_at: START,
        gone_since: None,
    }
}
