//! What an administrator is shown before people depend on it.

use serde_json::json;
use vestibule_plugin::{Outcome, Rehearsed, Step};

use super::scratch::{ALICE_HASH, ALICE_PASSWORD, COLUMNS};
use super::*;

on_each_database! {
    a_login_is_shown_step_by_step
    a_rehearsal_ends_where_a_login_would
    a_hash_is_never_shown
    a_sample_tells_schemes_columns_and_indexes
    an_index_is_seen_in_the_plan
}

fn step<'a>(steps: &'a [Step], name: &str) -> &'a Step {
    steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no {name}: {steps:#?}"))
}

fn fact<'a>(step: &'a Step, name: &str) -> &'a str {
    let fact = step.facts.iter().find(|(known, _)| known == name);
    fact.map(|(_, fact)| fact.as_str()).unwrap_or_else(|| panic!("no {name}: {step:#?}"))
}

async fn rehearse(tables: &Tables, name: &str, with: Option<&str>) -> Rehearsed {
    let with = with.map(password);
    tables.rehearsal().unwrap().rehearse(&username(name), with.as_ref()).await
}

async fn a_login_is_shown_step_by_step(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    let Rehearsed { steps, outcome } = rehearse(&tables, "alice", Some(ALICE_PASSWORD)).await;
    assert_eq!(outcome.unwrap(), log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap());
    let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["connect", "query", "person", "hash", "groups", "look-up", "login"]);
    assert_eq!(steps.iter().find(|step| step.outcome != Outcome::Passed), None);
    assert_eq!(fact(step(&steps, "query"), ":username"), "alice");
    assert!(fact(step(&steps, "query"), "columns").starts_with("id, username, password_hash"));
    assert_eq!(fact(step(&steps, "person"), "subject"), "1");
    assert_eq!(fact(step(&steps, "person"), "state"), "open");
    assert_eq!(fact(step(&steps, "hash"), "scheme"), "bcrypt");
    assert_eq!(fact(step(&steps, "groups"), "groups"), "ops, staff");
    assert_eq!(fact(step(&steps, "look-up"), ":subject"), "1");
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH, "a rehearsal writes nothing");
}

async fn a_rehearsal_ends_where_a_login_would(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    let nobody = rehearse(&tables, "nobody", None).await;
    assert!(matches!(nobody.outcome, Err(Refusal::Unknown)));
    assert_eq!(nobody.steps.len(), 2);
    let wrong = rehearse(&tables, "alice", Some("guess")).await;
    assert!(matches!(wrong.outcome, Err(Refusal::WrongCredentials(Some(_)))));
    scratch.run("UPDATE people SET locked = 'Y' WHERE id = 1").await;
    let locked = rehearse(&tables, "alice", None).await;
    assert!(matches!(locked.outcome, Err(Refusal::Locked { proved: false, .. })));
    assert_eq!(fact(step(&locked.steps, "person"), "state"), "locked");
    scratch.run("UPDATE people SET locked = NULL, stale = TRUE WHERE id = 1").await;
    let stale = rehearse(&tables, "alice", Some(ALICE_PASSWORD)).await;
    assert!(matches!(stale.outcome, Err(Refusal::PasswordExpired(Some(_)))));

    let lost = scratch
        .open(&json!({ "lookup_query": format!("{COLUMNS} WHERE id = :subject AND 1 = 0") }));
    scratch.run("UPDATE people SET stale = FALSE WHERE id = 1").await;
    let lost = rehearse(&lost, "alice", None).await;
    let Outcome::Failed(why) = &step(&lost.steps, "look-up").outcome else { panic!("{lost:?}") };
    assert_eq!(why, "`lookup_query` does not find the person again");
}

async fn a_hash_is_never_shown(scratch: Scratch) {
    let everything = json!({ "sample_query": COLUMNS, "allow_weak_hashes": true });
    let tables = scratch.open(&everything);
    for hash in [ALICE_HASH, "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o", "letmein"] {
        scratch.run(&format!("UPDATE people SET pw = '{hash}'")).await;
        let rehearsed = rehearse(&tables, "alice", Some(ALICE_PASSWORD)).await;
        let sample = tables.rehearsal().unwrap().sample().await;
        let shown = format!("{rehearsed:?} {sample:?} {:?}", tables.hosts());
        for secret in [ALICE_HASH, "F5Jx5f", "letmein", ALICE_PASSWORD, "vestibule:vestibule"] {
            assert!(!shown.contains(secret), "{secret} is shown: {shown}");
        }
    }
}

async fn a_sample_tells_schemes_columns_and_indexes(scratch: Scratch) {
    let mut tables = scratch.open(&json!({}));
    let steps = tables.rehearsal().unwrap().sample().await;
    let columns = step(&steps, "columns of query");
    assert_eq!(
        fact(columns, "attributes"),
        "mail, groups (groups_query), born, Photo, height, username"
    );
    assert_eq!(fact(columns, "absent"), "absent");
    assert!(matches!(&columns.outcome, Outcome::Doubtful(_)));
    assert_eq!(fact(step(&steps, "rows"), "schemes"), "bcrypt: 4");
    let filtered = format!("{COLUMNS} WHERE off = 0 AND lower(login) = :username");
    let steps = scratch.open(&json!({ "query": filtered })).rehearsal().unwrap().sample().await;
    let unread = &step(&steps, "rows").outcome;
    let told = |why: &str| why.contains("`sample_query`");
    assert!(matches!(unread, Outcome::Doubtful(why) if told(why)), "{unread:?}");

    scratch.run("UPDATE people SET pw = '{SMD5}QyrXIQVCKWBVA1PE+10M19Lf4DU=' WHERE id = 2").await;
    scratch.run("UPDATE people SET pw = NULL WHERE id = 3").await;
    tables = scratch.open(&json!({ "sample_query": format!("{COLUMNS} LIMIT 20") }));
    let steps = tables.rehearsal().unwrap().sample().await;
    let rows = step(&steps, "rows");
    assert_eq!(fact(rows, "rows"), "4");
    assert_eq!(fact(rows, "schemes"), "bcrypt: 2; no password: 1; {SMD5}: 1");
    let Outcome::Failed(why) = &rows.outcome else { panic!("{rows:?}") };
    assert_eq!(
        why,
        "1 of 4 people have a weak hash ({SMD5}) and cannot log in unless `allow_weak_hashes` is set"
    );

    scratch
        .run("UPDATE people SET pw = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o' WHERE id = 2")
        .await;
    let steps = tables.rehearsal().unwrap().sample().await;
    assert!(fact(step(&steps, "rows"), "schemes").contains("it begins with `$y$`: 1"));
    let Outcome::Failed(why) = &step(&steps, "rows").outcome else { panic!("{steps:?}") };
    assert!(
        why.starts_with("1 of 4 people cannot log in: the stored password hash is of no scheme"),
        "{why}"
    );

    let tables = scratch.open(&json!({ "expired": "nowhere" }));
    let steps = tables.rehearsal().unwrap().sample().await;
    let last = steps.last().unwrap();
    assert_eq!(last.outcome, Outcome::Failed("the query has no column `nowhere`".to_owned()));
}

async fn an_index_is_seen_in_the_plan(scratch: Scratch) {
    let sampled = async |query: &str| {
        let tables = scratch.open(&json!({ "query": format!("{COLUMNS} WHERE {query}") }));
        let steps = tables.rehearsal().unwrap().sample().await;
        for found in ["index of lookup_query", "index of groups_query"] {
            assert_eq!(step(&steps, found).outcome, Outcome::Passed, "{found}");
        }
        step(&steps, "index of query").clone()
    };
    let by_index = sampled("login = :username").await;
    assert_eq!(by_index.outcome, Outcome::Passed);
    assert_eq!(fact(&by_index, "plan"), "an index leads to the rows");
    let by_scan = sampled("lower(login) = :username").await;
    assert_eq!(fact(&by_scan, "plan"), "scans the whole table people");
    let Outcome::Doubtful(why) = &by_scan.outcome else { panic!("{by_scan:?}") };
    let remedy = match scratch.url.starts_with("mysql") {
        true => "compare `login` itself",
        false => "add an index on `lower(login)`",
    };
    assert!(why.contains(remedy), "{why}");
}
