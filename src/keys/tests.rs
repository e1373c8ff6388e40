use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

mod databases;

use super::*;
use crate::jose::{Expectation, JWT};
use crate::seal::MasterKey;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);
const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A SQLite file for one test, and nodes that share it.
struct Place(PathBuf);

impl Place {
    async fn new() -> Self {
        let place = Self(std::env::temp_dir().join(format!("vestibule-keys-{}", secret::id())));
        std::fs::create_dir(&place.0).unwrap();
        place.storage().await.migrate().await.unwrap();
        place
    }

    async fn storage(&self) -> Storage {
        let url = format!("sqlite:{}", self.0.join("database").display());
        Storage::open(&storage::Settings::new(url)).await.unwrap()
    }

    async fn node(&self) -> Keys {
        self.node_at(START).await
    }

    async fn node_at(&self, now: Timestamp) -> Keys {
        Keys::open(self.storage().await, sealer("A"), settings(), now).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn settings() -> Settings {
    Settings {
        algorithms: vec![Algorithm::ES256, Algorithm::HS256, Algorithm::EdDSA, Algorithm::ES256],
        rotate_after: Some(90 * DAY),
        publish_ahead: DAY,
        keep_for: HOUR,
        cache: Duration::from_millis(10),
    }
}

fn master(letter: &str) -> MasterKey {
    MasterKey::parse(&(letter.repeat(42) + "A")).unwrap()
}

fn sealer(letter: &str) -> Sealer {
    Sealer::new(&master(letter), None).unwrap()
}

/// The names of the keys that are published.
fn published(keys: &Keys, now: Timestamp) -> BTreeSet<String> {
    let jwks: Value = serde_json::from_str(&keys.jwks(now)).unwrap();
    let kids = jwks["keys"].as_array().unwrap().iter();
    kids.map(|jwk| jwk["kid"].as_str().unwrap().to_owned()).collect()
}

/// The name of the key that signs with ES256.
fn signing(keys: &Keys, now: Timestamp) -> String {
    keys.signer(Algorithm::ES256, now).unwrap().kid().unwrap().to_owned()
}

fn believed(keys: &Keys, token: &str) -> bool {
    let lookup = |kid: Option<&str>, algorithm| keys.verifier(kid?, algorithm);
    jose::verify(token, Expectation::Jwt, lookup).is_ok()
}

#[tokio::test]
async fn the_first_keys_sign_at_once() {
    let place = Place::new().await;
    let keys = place.node().await;
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let signer = keys.signer(algorithm, START).unwrap();
        let token = jose::sign(&signer, JWT, &json!({ "sub": "alice" })).unwrap();
        assert!(believed(&keys, &token));
        assert!(published(&keys, START).contains(signer.kid().unwrap()));
    }
    assert_eq!(keys.list(START).len(), 2);
}

#[tokio::test]
async fn a_node_whose_clock_is_behind_signs_with_the_first_key() {
    let place = Place::new().await;
    place.node().await;
    let behind = START.minus(HOUR);
    let keys = place.node_at(behind).await;
    assert_eq!(signing(&keys, behind), signing(&keys, START));
}

#[tokio::test]
async fn only_configured_algorithms_sign() {
    let place = Place::new().await;
    place.node().await;
    let fewer = Settings { algorithms: vec![Algorithm::EdDSA], ..settings() };
    let keys = Keys::open(place.storage().await, sealer("A"), fewer, START).await.unwrap();
    for algorithm in [Algorithm::ES256, Algorithm::HS256, Algorithm::RS256] {
        assert!(matches!(keys.signer(algorithm, START), Err(Fault::NoKey(_))));
    }
    // What was signed before can still be verified.
    assert_eq!(published(&keys, START).len(), 2);
}

#[tokio::test]
async fn a_restart_keeps_the_keys() {
    let place = Place::new().await;
    let before = place.node().await.jwks(START);
    assert_eq!(place.node_at(START.plus(DAY)).await.jwks(START.plus(DAY)), before);
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs_and_the_old_one_while_its_tokens_live() {
    let place = Place::new().await;
    let keys = place.node().await;
    let old = signing(&keys, START);
    let token =
        jose::sign(&keys.signer(Algorithm::ES256, START).unwrap(), JWT, &json!({})).unwrap();

    let rotated = START.plus(10 * DAY);
    keys.rotate(&[Algorithm::ES256], rotated).await.unwrap();
    assert_eq!(signing(&keys, rotated), old);
    assert_eq!(published(&keys, rotated).len(), 3);

    let activated = rotated.plus(DAY);
    let new = signing(&keys, activated);
    assert_ne!(new, old);
    assert_eq!(signing(&keys, activated.minus(Duration::from_millis(1))), old);
    assert!(published(&keys, rotated).contains(&new));

    let retired = activated.plus(HOUR);
    assert!(published(&keys, retired.minus(Duration::from_millis(1))).contains(&old));
    assert!(!published(&keys, retired).contains(&old));
    assert!(published(&keys, retired).contains(&new));
    assert!(believed(&keys, &token), "as a hint");
    assert!(believed(&place.node_at(retired).await, &token), "as a hint, after a restart");

    let states = |now| {
        let listed = keys.list(now).into_iter();
        let listed = listed.filter(|key| key.algorithm == Algorithm::ES256);
        listed.map(|key| key.state).collect::<Vec<_>>()
    };
    assert_eq!(states(rotated), [State::Signing, State::Next]);
    assert_eq!(states(activated), [State::Published, State::Signing]);
    assert_eq!(states(retired), [State::Retired, State::Signing]);
}

#[tokio::test]
async fn a_key_that_waits_stays_the_next_one() {
    let place = Place::new().await;
    let keys = place.node().await;
    let day = START.plus(DAY);
    keys.rotate(&[Algorithm::ES256], day).await.unwrap();
    let listed = keys.list(day);
    keys.rotate(&[Algorithm::ES256, Algorithm::HS256], day.plus(HOUR)).await.unwrap();
    assert_eq!(keys.list(day), listed);
    keys.rotate(&[Algorithm::ES256], day.plus(DAY)).await.unwrap();
    assert_eq!(keys.list(day).len(), listed.len() + 1);
}

#[tokio::test]
async fn a_key_is_replaced_when_it_is_old() {
    let place = Place::new().await;
    let keys = place.node().await;
    let (old, due) = (signing(&keys, START), START.plus(89 * DAY));

    keys.refresh(due.minus(Duration::from_millis(1))).await.unwrap();
    assert_eq!(keys.list(due).len(), 2);
    keys.refresh(due).await.unwrap();
    keys.refresh(due).await.unwrap();
    assert_eq!(keys.list(due).len(), 4);
    assert_eq!(signing(&keys, due), old);
    assert_ne!(signing(&keys, START.plus(90 * DAY)), old);
}

#[tokio::test]
async fn a_server_that_slept_past_the_age_still_publishes_ahead() {
    let place = Place::new().await;
    let old = signing(&place.node().await, START);
    let late = START.plus(400 * DAY);
    let keys = place.node_at(late).await;
    assert_eq!(signing(&keys, late), old);
    assert_ne!(signing(&keys, late.plus(DAY)), old);
}

#[tokio::test]
async fn keys_without_an_age_limit_stay() {
    let place = Place::new().await;
    let for_ever = Settings { rotate_after: None, ..settings() };
    let keys = Keys::open(place.storage().await, sealer("A"), for_ever, START).await.unwrap();
    keys.refresh(START.plus(9999 * DAY)).await.unwrap();
    assert_eq!(keys.list(START).len(), 2);
}

#[tokio::test]
async fn a_node_learns_what_another_did() {
    let place = Place::new().await;
    let (one, other, now) = (place.node().await, place.node().await, START.plus(DAY));
    one.rotate(&[Algorithm::ES256], now).await.unwrap();
    assert_eq!(published(&other, now).len(), 2);

    let keeping = tokio::spawn(other.clone().keep_fresh(move || now));
    while published(&other, now).len() == 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    keeping.abort();
    assert_eq!(one.jwks(now), other.jwks(now));
}

#[tokio::test]
async fn a_reading_that_was_overtaken_is_dropped() {
    let place = Place::new().await;
    let keys = place.node().await;
    keys.replace(0, &[], START).unwrap();
    assert_eq!(keys.list(START).len(), 2);
}

#[tokio::test]
async fn the_key_set_is_written_once() {
    let place = Place::new().await;
    let keys = place.node().await;
    assert!(Arc::ptr_eq(&keys.jwks(START), &keys.jwks(START.plus(HOUR))));
    assert!(!keys.jwks(START).contains("\"d\""));
}

// TK5
#[tokio::test]
async fn a_private_key_at_rest_with_any_byte_changed_or_missing_is_refused() {
    let place = Place::new().await;
    place.node().await;
    let row = storage::keys::list(&place.storage().await).await.unwrap().remove(0);
    let read = |private: &[u8]| {
        let row = key::Model { private: private.to_vec(), ..row.clone() };
        Snapshot::default().read_again(1, &[row], &sealer("A"), START)
    };
    assert!(read(&row.private).is_ok());
    for place in 0..row.private.len() {
        assert!(matches!(read(&row.private[..place]), Err(Fault::Unreadable(_))));
        for bit in 0..8 {
            let mut private = row.private.clone();
            private[place] ^= 1 << bit;
            assert!(matches!(read(&private), Err(Fault::Unreadable(_))));
        }
    }
}

#[tokio::test]
async fn a_key_planted_in_the_database_is_refused() {
    let place = Place::new().await;
    place.node().await;
    let rows = storage::keys::list(&place.storage().await).await.unwrap();
    let read = |row| Snapshot::default().read_again(1, &[row], &sealer("A"), START);
    let mine = PrivateKey::generate(Algorithm::ES256).unwrap();
    for row in rows.iter().filter(|row| row.algorithm == "ES256") {
        let public = Value::from(mine.public_jwk(&row.kid)).to_string();
        assert!(read(key::Model { public, ..row.clone() }).is_err());
        let private = mine.to_der().unwrap().to_vec();
        assert!(read(key::Model { private, ..row.clone() }).is_err());
        assert!(read(key::Model { kid: "other".to_owned(), ..row.clone() }).is_err());
        assert!(read(row.clone()).is_ok());
    }
    let mut swapped = rows.clone();
    swapped[0].private.clone_from(&rows[1].private);
    assert!(Snapshot::default().read_again(1, &swapped, &sealer("A"), START).is_err());
}

#[tokio::test]
async fn a_foreign_master_key_is_a_fault_that_names_the_remedy() {
    let place = Place::new().await;
    place.node().await;
    let opened = Keys::open(place.storage().await, sealer("B"), settings(), START).await;
    let fault = opened.unwrap_err().to_string();
    assert!(fault.contains("keys.former_master_key"), "{fault}");
}

#[tokio::test]
async fn a_retired_key_that_cannot_be_read_is_left_out() {
    let place = Place::new().await;
    let keys = place.node().await;
    keys.rotate(&[Algorithm::ES256], START.plus(DAY)).await.unwrap();
    let mut rows = storage::keys::list(&place.storage().await).await.unwrap();
    let old = rows.iter_mut().find(|row| row.algorithm == "ES256").unwrap();
    old.private.pop();
    let read = |now| Snapshot::default().read_again(1, &rows, &sealer("A"), now);
    assert!(read(START.plus(DAY)).is_err(), "while it signs");
    assert_eq!(read(START.plus(3 * DAY)).unwrap().list(START, HOUR).len(), 2);
}

#[tokio::test]
async fn keys_of_an_unknown_algorithm_are_passed_over() {
    let place = Place::new().await;
    place.node().await;
    let mut rows = storage::keys::list(&place.storage().await).await.unwrap();
    rows[0].algorithm = "ML-DSA-65".to_owned();
    let read = Snapshot::default().read_again(1, &rows, &sealer("A"), START).unwrap();
    assert_eq!(read.list(START, HOUR).len(), 1);
}

#[tokio::test]
async fn a_node_that_knows_only_the_former_master_key_goes_on_with_the_keys_it_has() {
    let place = Place::new().await;
    let keys = place.node().await;
    let both = Sealer::new(&master("B"), Some(&master("A"))).unwrap();
    reseal(&place.storage().await, &both).await.unwrap();
    keys.refresh(START.plus(DAY)).await.unwrap();
    assert_eq!(keys.list(START).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_that_start_at_once_on_one_file_agree() {
    let place = Place::new().await;
    let (one, other) = tokio::join!(place.node(), place.node());
    assert_eq!(one.jwks(START), other.jwks(START));
    assert_eq!(signing(&one, START), signing(&other, START));
}
