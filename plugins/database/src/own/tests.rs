//! The contract, and what is this backend's own.

use sea_orm::{ConnectionTrait, Database, Schema};
use vestibule_plugin::conformance::{self, Known};
use vestibule_plugin::{Attributes, NotChanged, Outcome, Value};

use super::*;
use crate::Cost;

const CHEAP: Cost = Cost { memory: 8, passes: 1, lanes: 1 };

fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

async fn empty_table() -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new("sqlite::memory:");
    options.max_connections(1);
    let db = Database::connect(options).await.unwrap();
    let table = Schema::new(db.get_database_backend()).create_table_from_entity(person::Entity);
    db.execute(&table).await.unwrap();
    db
}

fn people_at(db: &DatabaseConnection, cost: Cost) -> People {
    let wanted = ["username", "mail", "groups", "updated_at", "absent"].map(str::to_owned).to_vec();
    People::open(db.clone(), db.clone(), Hasher::new(cost, 2, 8), wanted)
}

async fn with_alice() -> People {
    let people = people_at(&empty_table().await, CHEAP);
    add_alice(&people, "p-1").await.unwrap();
    people
}

async fn add_alice(people: &People, id: &str) -> Result<(), Fault> {
    let attributes: Attributes =
        [("mail", "alice@example.com"), ("groups", "staff"), ("groups", "ops"), ("phone", "1")]
            .into_iter()
            .collect();
    let new = NewPerson {
        id,
        username: &username("alice"),
        password: &password("wonderland-1"),
        attributes: &attributes,
    };
    people.add(new, 1_700_000_000_500).await
}

// LD1, LD2
#[tokio::test]
async fn the_contract_is_kept() {
    let people = with_alice().await;
    let attributes = &["username", "mail", "groups"];
    let known = Known { username: "alice", password: "wonderland-1", attributes };
    conformance::password_backend(&people, known).await;
    people.disable(&username("alice"), 2).await.unwrap();
    conformance::a_closed_account_is_refused(&people, "alice", "wonderland-1").await;
}

#[tokio::test]
async fn only_the_attributes_asked_for_are_told() {
    let people = with_alice().await;
    let identity =
        people.authenticate(&username("alice"), &password("wonderland-1")).await.unwrap();
    let names: Vec<_> = identity.attributes.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["groups", "mail", "updated_at", "username"]);
    assert_eq!(identity.attributes.all("groups"), [Value::from("staff"), Value::from("ops")]);
    assert_eq!(identity.attributes.first("updated_at"), Some(&Value::from("1700000000")));
}

#[tokio::test]
async fn names_are_compared_letter_for_letter() {
    let people = with_alice().await;
    for other in ["Alice", "ALICE", "al\u{131}ce", "alice.", "a\u{301}lice"] {
        let answer = people.authenticate(&username(other), &password("wonderland-1")).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{other}");
    }
}

#[tokio::test]
async fn a_changed_cost_renews_the_hash_at_the_next_login() {
    let people = with_alice().await;
    let dearer = people_at(&people.read, Cost { passes: 2, ..CHEAP });
    let before = dearer.by_name(&username("alice")).await.unwrap().unwrap();

    let wrong = dearer.authenticate(&username("alice"), &password("guess")).await;
    assert!(matches!(wrong, Err(Refusal::WrongCredentials(Some(_)))));
    let unchanged = dearer.by_name(&username("alice")).await.unwrap().unwrap();
    assert_eq!(unchanged, before, "a wrong password renews nothing");

    dearer.authenticate(&username("alice"), &password("wonderland-1")).await.unwrap();
    let after = dearer.by_name(&username("alice")).await.unwrap().unwrap();
    assert!(after.password_hash.contains("m=8,t=2,p=1"), "{}", after.password_hash);
    assert_eq!(after.updated_at, before.updated_at, "nothing is new about the person");

    dearer.authenticate(&username("alice"), &password("wonderland-1")).await.unwrap();
    let again = dearer.by_name(&username("alice")).await.unwrap().unwrap();
    assert_eq!(again, after, "and is left alone from then on");
}

#[tokio::test]
async fn a_renewed_hash_never_replaces_a_new_password() {
    let people = with_alice().await;
    let read_before = people.by_name(&username("alice")).await.unwrap().unwrap();
    people.set_password(&username("alice"), &password("looking-glass"), 3).await.unwrap();
    people.rehash(&read_before, &password("wonderland-1")).await;
    let old = people.authenticate(&username("alice"), &password("wonderland-1")).await;
    assert!(matches!(old, Err(Refusal::WrongCredentials(_))));
    assert!(people.authenticate(&username("alice"), &password("looking-glass")).await.is_ok());
}

// EN1
#[tokio::test]
async fn an_unknown_name_costs_a_hash_too() {
    let db = empty_table().await;
    let people = People::open(db.clone(), db, Hasher::new(CHEAP, 0, 0), Vec::new());
    let answer = people.authenticate(&username("nobody"), &password("wonderland-1")).await;
    assert!(
        matches!(answer, Err(Refusal::Unavailable(Unavailable::Busy))),
        "without a place to hash in, even an unknown name has no answer: {answer:?}"
    );
}

// EN1, RT4
#[tokio::test]
async fn a_state_is_told_only_to_whoever_proves_the_password() {
    let people = with_alice().await;
    people.disable(&username("alice"), 2).await.unwrap();
    let wrong = people.authenticate(&username("alice"), &password("guess")).await;
    assert!(matches!(wrong, Err(Refusal::WrongCredentials(Some(_)))));
    let right = people.authenticate(&username("alice"), &password("wonderland-1")).await;
    assert!(matches!(right, Err(Refusal::Disabled { proved: true, subject: Some(_) })));
    let absent = people.lookup(&Subject::parse("p-1").unwrap()).await;
    assert!(matches!(absent, Err(Refusal::Disabled { proved: false, .. })));

    people.enable(&username("alice"), 3).await.unwrap();
    assert!(people.lookup(&Subject::parse("p-1").unwrap()).await.is_ok());
    assert!(people.authenticate(&username("alice"), &password("wonderland-1")).await.is_ok());
}

#[tokio::test]
async fn a_password_that_must_be_changed_does_not_log_in() {
    let people = with_alice().await;
    people
        .change(&username("alice"), 2, &[(person::Column::MustChange, true.into())])
        .await
        .unwrap();
    let right = people.authenticate(&username("alice"), &password("wonderland-1")).await;
    assert!(matches!(right, Err(Refusal::PasswordExpired(Some(_)))));
    let wrong = people.authenticate(&username("alice"), &password("guess")).await;
    assert!(matches!(wrong, Err(Refusal::WrongCredentials(_))));
    people.set_password(&username("alice"), &password("looking-glass"), 3).await.unwrap();
    assert!(people.authenticate(&username("alice"), &password("looking-glass")).await.is_ok());
}

#[tokio::test]
async fn a_person_is_added_shown_and_removed() {
    let people = with_alice().await;
    assert!(matches!(add_alice(&people, "p-2").await, Err(Fault::Taken(_))));

    let alice = people.show(&username("alice")).await.unwrap();
    assert_eq!(alice.id, "p-1");
    assert_eq!(alice.attributes.first("phone"), Some(&Value::from("1")));
    assert_eq!(people.list().await.unwrap(), [alice]);

    let mail = [("mail", "a@example.org")].into_iter().collect();
    people.set_attributes(&username("alice"), &mail, 9).await.unwrap();
    assert_eq!(people.show(&username("alice")).await.unwrap().attributes, mail);

    people.remove(&username("alice")).await.unwrap();
    for gone in [
        people.remove(&username("alice")).await,
        people.disable(&username("alice"), 4).await,
        people.show(&username("alice")).await.map(drop),
    ] {
        assert!(matches!(gone, Err(Fault::Unknown(_))));
    }
    let answer = people.lookup(&Subject::parse("p-1").unwrap()).await;
    assert!(matches!(answer, Err(Refusal::Unknown)));
}

#[tokio::test]
async fn a_broken_table_is_an_outage_and_no_refusal() {
    let people = with_alice().await;
    people.read.execute_unprepared("DROP TABLE person").await.unwrap();
    let answer = people.authenticate(&username("alice"), &password("wonderland-1")).await;
    assert!(matches!(answer, Err(Refusal::Unavailable(Unavailable::Failed(_)))));
    let answer = people.lookup(&Subject::parse("p-1").unwrap()).await;
    assert!(matches!(answer, Err(Refusal::Unavailable(Unavailable::Failed(_)))));
}

#[tokio::test]
async fn a_rehearsal_ends_where_a_login_would() {
    let people = with_alice().await;
    let alice = username("alice");
    let rehearsal = people.rehearsal().unwrap();
    let right = rehearsal.rehearse(&alice, Some(&password("wonderland-1"))).await;
    let told = people.authenticate(&alice, &password("wonderland-1")).await.unwrap();
    assert_eq!(right.outcome.unwrap(), told);
    let names: Vec<_> = right.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["person", "login"]);
    let wrong = rehearsal.rehearse(&alice, Some(&password("guess"))).await;
    assert!(matches!(wrong.outcome, Err(Refusal::WrongCredentials(Some(_)))));
    let nobody = rehearsal.rehearse(&username("nobody"), None).await;
    assert!(matches!(nobody.outcome, Err(Refusal::Unknown)));
    people.disable(&alice, 2).await.unwrap();
    let shut = rehearsal.rehearse(&alice, None).await;
    assert!(matches!(shut.outcome, Err(Refusal::Disabled { proved: false, .. })));

    let sample = rehearsal.sample().await;
    let facts = [("rows", "1"), ("schemes", "argon2id: 1")];
    assert_eq!(sample[0].facts, facts.map(|(name, fact)| (name.to_owned(), fact.to_owned())));
}

#[tokio::test]
async fn a_sample_tells_who_cannot_log_in() {
    let people = with_alice().await;
    let sampled = async || people.rehearsal().unwrap().sample().await.remove(0).outcome;
    assert_eq!(sampled().await, Outcome::Passed);
    let foreign = "$2b$04$M9lp8CxFsj1nOEKNkOZrjOB1IE0YcKTZIldnpCH0fv9ivJMTtEhxO";
    for (hash, problem) in [
        (foreign, "bcrypt is no scheme of this table"),
        ("hunter2", "the stored password hash is of"),
    ] {
        let column = (person::Column::PasswordHash, hash.into());
        people.change(&username("alice"), 2, &[column]).await.unwrap();
        let told = sampled().await;
        let Outcome::Failed(why) = &told else { panic!("{told:?}") };
        assert!(why.starts_with(&format!("1 of 1 people cannot log in: {problem}")), "{why}");
        assert!(!why.contains(hash), "{why}");
    }
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let people = with_alice().await;
    let backend: &dyn Backend = &people;
    let change = backend.password_change().unwrap();
    people
        .change(&username("alice"), 2, &[(person::Column::MustChange, true.into())])
        .await
        .unwrap();
    let (alice, right, new) =
        (username("alice"), password("wonderland-1"), password("looking-glass"));
    for (name, current) in [("alice", "guess"), ("nobody", "wonderland-1")] {
        let refused = change.change(&username(name), &password(current), &new).await;
        assert!(matches!(
            refused,
            Err(NotChanged::Refused(Refusal::WrongCredentials(_) | Refusal::Unknown))
        ));
    }
    change.change(&alice, &right, &new).await.unwrap();
    assert!(people.authenticate(&alice, &new).await.is_ok(), "it need not be changed again");
    let former = people.authenticate(&alice, &right).await;
    assert!(matches!(former, Err(Refusal::WrongCredentials(_))));
}
