//! Hashes of other products in a table, what is written in their place, and what is not.

use std::time::Instant;

use serde_json::{Value, json};
use vestibule_plugin::NotChanged;

use super::scratch::{ALICE_HASH, ALICE_PASSWORD};
use super::*;

/// `openssl passwd -1 wonderland-1`.
const MD5_CRYPT: &str = "$1$9.9ls0Yy$zPmc74J0PsAsod6YSQX5p0";

on_each_database! {
    a_weak_hash_is_accepted_only_where_it_is_allowed
    an_unknown_scheme_is_an_error_that_names_it
    a_hash_that_asks_for_too_much_is_an_error
    a_login_replaces_a_foreign_hash
    without_a_write_query_nothing_is_written
    a_renewed_hash_never_replaces_a_new_password
    a_write_that_fails_refuses_nobody
    a_write_to_several_rows_changes_none
    a_stale_password_is_changed_once
    a_password_is_changed_only_by_whoever_knows_it
}

fn writing() -> Value {
    let write = "UPDATE people SET pw = :hash WHERE id = :subject AND pw = :old_hash";
    let change =
        "UPDATE people SET pw = :hash, stale = FALSE WHERE id = :subject AND pw = :old_hash";
    json!({ "write_query": write, "password_write": change })
}

async fn a_weak_hash_is_accepted_only_where_it_is_allowed(scratch: Scratch) {
    scratch.run(&format!("UPDATE people SET pw = '{MD5_CRYPT}' WHERE id = 1")).await;
    let answer = log_in(&scratch.open(&json!({})), "alice", ALICE_PASSWORD).await;
    let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
    assert!(
        cause.to_string().contains("weak scheme MD5-crypt; to accept it, set `allow_weak_hashes`")
    );
    assert!(!cause.to_string().contains(MD5_CRYPT), "the hash is not told");

    let mut more = writing();
    more["allow_weak_hashes"] = json!(true);
    let tables = scratch.open(&more);
    let wrong = log_in(&tables, "alice", "guess").await;
    assert!(matches!(wrong, Err(Refusal::WrongCredentials(Some(_)))));
    log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap();
    assert!(scratch.hash_of("Alice").await.starts_with("$argon2id$"), "it is weak no longer");
    assert!(log_in(&scratch.open(&json!({})), "alice", ALICE_PASSWORD).await.is_ok());
}

async fn an_unknown_scheme_is_an_error_that_names_it(scratch: Scratch) {
    let tables = scratch.open(&json!({}));
    for (hash, told) in [
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o", "it begins with `$y$`"),
        ("wonderland-1", "it names no scheme; is it a password in the open?"),
        ("$2b$04$broken", "begins like bcrypt and is broken"),
    ] {
        scratch.run(&format!("UPDATE people SET pw = '{hash}' WHERE id = 1")).await;
        for guess in [ALICE_PASSWORD, "guess"] {
            let answer = log_in(&tables, "alice", guess).await;
            let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
            assert!(cause.to_string().contains(told), "{cause}");
            assert!(!cause.to_string().contains("wonderland"), "nothing of it is told: {cause}");
        }
    }
    assert!(log_in(&tables, "bob", ALICE_PASSWORD).await.is_ok(), "it is one person's trouble");
}

async fn a_hash_that_asks_for_too_much_is_an_error(scratch: Scratch) {
    let greedy = ALICE_HASH.replacen("$04$", "$31$", 1);
    scratch.run(&format!("UPDATE people SET pw = '{greedy}' WHERE id = 1")).await;
    let began = Instant::now();
    let answer = log_in(&scratch.open(&json!({})), "alice", ALICE_PASSWORD).await;
    let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
    assert!(
        cause.to_string().contains("asks for more work than is ever done: a cost of 31"),
        "{cause}"
    );
    assert!(began.elapsed().as_secs() < 5, "and it was not done");
}

async fn a_login_replaces_a_foreign_hash(scratch: Scratch) {
    let tables = scratch.open(&writing());
    let wrong = log_in(&tables, "alice", "guess").await;
    assert!(matches!(wrong, Err(Refusal::WrongCredentials(_))));
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH, "a wrong password replaces nothing");

    let before = log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap();
    let renewed = scratch.hash_of("Alice").await;
    assert!(renewed.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{renewed}");
    assert_eq!(log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap(), before);
    assert_eq!(scratch.hash_of("Alice").await, renewed, "and it is left alone from then on");
    assert_eq!(scratch.hash_of("bob").await, ALICE_HASH, "and so is everybody else's");
}

async fn without_a_write_query_nothing_is_written(scratch: Scratch) {
    log_in(&scratch.open(&json!({})), "alice", ALICE_PASSWORD).await.unwrap();
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH);
}

async fn a_renewed_hash_never_replaces_a_new_password(scratch: Scratch) {
    let tables = scratch.open(&writing());
    scratch.run("UPDATE people SET pw = '$2b$04$new' WHERE id = 1").await;
    tables.upgrade(&subject("1"), &password(ALICE_PASSWORD), ALICE_HASH).await;
    assert_eq!(scratch.hash_of("Alice").await, "$2b$04$new");
}

async fn a_write_that_fails_refuses_nobody(scratch: Scratch) {
    let write = "UPDATE nowhere SET pw = :hash WHERE id = :subject AND pw = :old_hash";
    let tables = scratch.open(&json!({ "write_query": write }));
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
}

async fn a_write_to_several_rows_changes_none(scratch: Scratch) {
    let write = "UPDATE people SET pw = :hash WHERE id = :subject OR pw = :old_hash";
    let tables = scratch.open(&json!({ "write_query": write, "password_write": write }));
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
    let (old, new) = (password(ALICE_PASSWORD), password("looking-glass"));
    let changed = tables.password_change().unwrap().change(&username("alice"), &old, &new).await;
    let Err(NotChanged::Refused(Refusal::Unavailable(why))) = changed else {
        panic!("{changed:?}")
    };
    assert!(why.to_string().contains("would change 4 rows for one person"), "{why}");
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH);
    assert_eq!(scratch.hash_of("bob").await, ALICE_HASH);
}

/// Another program keeps the row locked for as long as it likes.
async fn a_locked_row_refuses_no_right_password(scratch: Scratch) {
    let tables = scratch.open(&writing());
    let other = sea_orm::TransactionTrait::begin(&scratch.db).await.unwrap();
    let keep = "UPDATE people SET mail = 'new@example.com' WHERE id = 1";
    sea_orm::ConnectionTrait::execute_unprepared(&other, keep).await.unwrap();
    let began = Instant::now();
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok());
    assert!(began.elapsed().as_millis() < 2500, "{:?}", began.elapsed());
    other.rollback().await.unwrap();
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH);
}

#[tokio::test]
async fn postgresql_lets_in_whose_row_is_locked() {
    a_locked_row_refuses_no_right_password(scratch::postgres().await).await;
}

#[tokio::test]
async fn mariadb_lets_in_whose_row_is_locked() {
    a_locked_row_refuses_no_right_password(scratch::mariadb().await).await;
}

async fn a_stale_password_is_changed_once(scratch: Scratch) {
    let tables = scratch.open(&writing());
    scratch.run("UPDATE people SET stale = TRUE WHERE id = 1").await;
    let stale = log_in(&tables, "alice", ALICE_PASSWORD).await;
    assert!(matches!(stale, Err(Refusal::PasswordExpired(Some(_)))));
    let change = tables.password_change().unwrap();
    let (alice, old, new) =
        (username("alice"), password(ALICE_PASSWORD), password("looking-glass"));
    let same = change.change(&alice, &old, &password(ALICE_PASSWORD)).await;
    assert!(matches!(same, Err(NotChanged::Policy(_))), "{same:?}");
    change.change(&alice, &old, &new).await.unwrap();
    assert!(log_in(&tables, "alice", "looking-glass").await.is_ok(), "the query cleared the flag");
    let gone = log_in(&tables, "alice", ALICE_PASSWORD).await;
    assert!(matches!(gone, Err(Refusal::WrongCredentials(_))));
    let again = change.change(&alice, &old, &new).await;
    assert!(matches!(again, Err(NotChanged::Refused(Refusal::WrongCredentials(_)))), "{again:?}");
}

async fn a_password_is_changed_only_by_whoever_knows_it(scratch: Scratch) {
    let tables = scratch.open(&writing());
    let change = tables.password_change().unwrap();
    let new = password("looking-glass");
    let stranger = change.change(&username("nobody"), &new, &new).await;
    assert!(matches!(stranger, Err(NotChanged::Refused(Refusal::Unknown))));
    let guess = change.change(&username("alice"), &password("guess"), &new).await;
    assert!(matches!(guess, Err(NotChanged::Refused(Refusal::WrongCredentials(_)))));
    scratch.run("UPDATE people SET off = 1 WHERE id = 1").await;
    let closed = change.change(&username("alice"), &password(ALICE_PASSWORD), &new).await;
    assert!(matches!(closed, Err(NotChanged::Refused(Refusal::Disabled { proved: true, .. }))));
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH);
}

/// A server that is not strict, as old installations are, cuts what does not fit.
#[tokio::test]
async fn a_hash_that_does_not_fit_its_column_is_not_cut() {
    let scratch = scratch::mariadb().await;
    scratch.run("ALTER TABLE people MODIFY pw VARCHAR(60)").await;
    let mut root = scratch.db.get_mysql_connection_pool().acquire().await.unwrap();
    let mode = sea_orm::sqlx::query_scalar::<_, String>("SELECT @@GLOBAL.sql_mode");
    let mode = mode.fetch_one(&mut *root).await.unwrap();
    scratch.run("SET GLOBAL sql_mode = ''").await;
    let tables = scratch.open(&writing());
    let let_in = log_in(&tables, "alice", ALICE_PASSWORD).await;
    let (old, new) = (password(ALICE_PASSWORD), password("looking-glass"));
    let changed = tables.password_change().unwrap().change(&username("alice"), &old, &new).await;
    scratch.run(&format!("SET GLOBAL sql_mode = '{mode}'")).await;
    assert!(let_in.is_ok(), "{let_in:?}");
    let Err(NotChanged::Refused(Refusal::Unavailable(why))) = changed else {
        panic!("{changed:?}")
    };
    assert!(why.to_string().contains("too long"), "{why}");
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH);
    assert!(log_in(&tables, "alice", ALICE_PASSWORD).await.is_ok(), "and again");
}

#[tokio::test]
async fn long_passwords_meet_bcrypt_as_configured() {
    let scratch = scratch::sqlite().await;
    let longer = format!("{}yz", "x".repeat(72));
    let cut = "$2b$04$2CAfN6pvNbRM4HCdTHuPg.ICiPDiVBtT23Jluqp6gbuwmSvRr.oW.";
    scratch.run(&format!("UPDATE people SET pw = '{cut}' WHERE id = 1")).await;
    let refused = log_in(&scratch.open(&json!({})), "alice", &longer).await;
    assert!(matches!(refused, Err(Refusal::WrongCredentials(_))), "{refused:?}");
    let tables = scratch.open(&json!({ "bcrypt_long": "truncate" }));
    assert!(log_in(&tables, "alice", &longer).await.is_ok());
}

#[tokio::test]
async fn a_role_that_only_reads_suffices() {
    let scratch = scratch::postgres().await;
    let (_, database) = scratch.url.rsplit_once('/').unwrap();
    let reader = format!("{database}_reader");
    scratch.run(&format!("CREATE ROLE {reader} LOGIN")).await;
    scratch.run(&format!("ALTER ROLE {reader} SET default_transaction_read_only = on")).await;
    scratch.run(&format!("GRANT SELECT ON people, memberships TO {reader}")).await;
    let (_, server) = scratch.url.split_once('@').unwrap();
    let mut more = writing();
    more["url"] = json!(format!("postgres://{reader}@{server}"));
    let tables = scratch.open(&more);
    let alice = log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap();
    assert_eq!(alice, tables.lookup(&alice.subject).await.unwrap());
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH, "it could not write, and was let in");
    let change = tables.password_change().unwrap();
    let (old, new) = (password(ALICE_PASSWORD), password("looking-glass"));
    let answer = change.change(&username("alice"), &old, &new).await;
    assert!(matches!(answer, Err(NotChanged::Refused(Refusal::Unavailable(_)))), "{answer:?}");
    let sample = tables.rehearsal().unwrap().sample().await;
    let failed = |step: &&vestibule_plugin::Step| {
        matches!(step.outcome, vestibule_plugin::Outcome::Failed(_))
    };
    assert_eq!(sample.iter().find(failed), None, "it reads plans, too");
    drop(tables);
    scratch.run(&format!("DROP OWNED BY {reader}")).await;
    scratch.run(&format!("DROP ROLE {reader}")).await;
}

#[tokio::test]
async fn sqlite_is_opened_for_reading_unless_something_is_written() {
    let scratch = scratch::sqlite().await;
    let tables = scratch.open(&json!({}));
    let query = Query {
        option: "write_query",
        sql: "UPDATE people SET pw = 'x'".to_owned(),
        places: Vec::new(),
        compared: None,
    };
    let refused = tables.database.write(&query, &[]).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
    assert_eq!(scratch.hash_of("Alice").await, ALICE_HASH);
}

// EN1
#[tokio::test]
async fn an_unknown_name_costs_as_much_as_the_last_hash() {
    let scratch = scratch::sqlite().await;
    // A cost of 8 takes longer than everything else together.
    let dear = "$2b$08$azQd0wNsuoXMXFQVq.sQzOPorNOFQxE5sQlxnmvlCJN.N0G3/xBYW";
    scratch.run(&format!("UPDATE people SET pw = '{dear}'")).await;
    let tables = scratch.open(&json!({}));
    log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap();
    let timed = async |name: &str| {
        let began = Instant::now();
        assert!(log_in(&tables, name, "guess").await.is_err());
        began.elapsed()
    };
    let mut known = [timed("alice").await, timed("alice").await, timed("alice").await];
    let mut unknown = [timed("nobody").await, timed("nobody").await, timed("nobody").await];
    known.sort();
    unknown.sort();
    assert!(unknown[1] > known[1] / 2 && unknown[1] < known[1] * 2, "{known:?} {unknown:?}");
}
