//! Columns become attributes, whatever their types.

use serde_json::json;
use vestibule_plugin::Value;

use super::scratch::ALICE_PASSWORD;
use super::*;

on_each_database! {
    columns_become_the_attributes_asked_for
    groups_are_rows_of_their_own_query
    groups_are_not_asked_for_in_vain
    a_table_may_change_while_people_log_in
}

async fn columns_become_the_attributes_asked_for(scratch: Scratch) {
    let photo = if scratch.url.starts_with("postgres") { "'\\xff00'" } else { "x'ff00'" };
    scratch
        .run(&format!(
            "UPDATE people SET born = '1865-11-26', height = 1.5, photo = {photo} WHERE id = 1"
        ))
        .await;
    let alice = log_in(&scratch.open(&json!({})), "alice", ALICE_PASSWORD).await.unwrap();
    assert_eq!(alice.subject.as_str(), "1");
    let told = &alice.attributes;
    assert_eq!(told.all("mail"), [Value::from("Alice@example.com")]);
    assert_eq!(told.all("born"), [Value::from("1865-11-26")]);
    assert_eq!(told.all("Photo"), [Value::Binary(vec![0xff, 0])], "as it was asked for");
    let height = told.first("height").and_then(Value::as_text).unwrap();
    assert_eq!(height.parse::<f64>().unwrap(), 1.5, "{height}");
    let names: Vec<_> = told.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Photo", "born", "groups", "height", "mail", "username"]);

    let bob = log_in(&scratch.open(&json!({})), "bob", ALICE_PASSWORD).await.unwrap();
    assert!(bob.attributes.all("born").is_empty(), "NULL is absent");
}

async fn groups_are_rows_of_their_own_query(scratch: Scratch) {
    let by_name = json!({
        "lookup_query": null,
        "groups_query": "SELECT m.name FROM memberships m JOIN people p ON p.id = m.person \
                         WHERE lower(p.login) = :username ORDER BY m.name",
    });
    for more in [json!({}), by_name] {
        let tables = scratch.open(&more);
        let groups = async |name: &str| {
            log_in(&tables, name, ALICE_PASSWORD).await.unwrap().attributes.all("groups").to_vec()
        };
        assert_eq!(groups("alice").await, [Value::from("ops"), Value::from("staff")]);
        assert_eq!(groups("bob").await, [Value::from("guests")]);
        assert_eq!(groups("carol").await, []);
    }
}

async fn groups_are_not_asked_for_in_vain(scratch: Scratch) {
    let options =
        scratch.options(&json!({ "groups_query": "SELECT name FROM nowhere WHERE x = :subject" }));
    let without = Tables::open(&options, vec!["mail".to_owned()]).unwrap();
    assert!(log_in(&without, "alice", ALICE_PASSWORD).await.is_ok());
    let with = Tables::open(&options, vec!["groups".to_owned()]).unwrap();
    let answer = log_in(&with, "alice", ALICE_PASSWORD).await;
    assert!(matches!(answer, Err(Refusal::Unavailable(_))), "{answer:?}");
}

async fn a_table_may_change_while_people_log_in(scratch: Scratch) {
    let tables = scratch.open(&json!({
        "query": "SELECT p.*, pw AS password_hash FROM people p WHERE lower(login) = :username",
        "expired": null, "lookup_query": null,
    }));
    let first = log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap();
    assert!(first.attributes.first("absent").is_none());
    scratch.run("ALTER TABLE people ADD COLUMN absent VARCHAR(20)").await;
    scratch.run("UPDATE people SET absent = 'no longer' WHERE id = 1").await;
    let second = log_in(&tables, "alice", ALICE_PASSWORD).await.unwrap();
    assert_eq!(second.attributes.all("absent"), [Value::from("no longer")]);
    assert_eq!(second.subject, first.subject);
}

#[tokio::test]
async fn postgresql_has_types_of_its_own() {
    let scratch = scratch::postgres().await;
    scratch.run("CREATE TYPE rank AS ENUM ('low', 'high')").await;
    scratch
        .run(
            "CREATE TABLE staff (id uuid PRIMARY KEY, login varchar(40) UNIQUE, pw text, tags text[], \
             numbers int[], profile jsonb, roles json, joined timestamptz, seen timestamp, pay numeric, \
             rank rank, address inet, code char(6), ratio double precision, chief boolean)",
        )
        .await;
    scratch
        .run(&format!(
            "INSERT INTO staff VALUES ('6F9619FF-8B86-D011-B42D-00CF4FC964FF', 'dinah', '{}', \
             '{{cat,NULL,\"two words\"}}', '{{{{1,2}},{{3,4}}}}', '{{\"a\": 1}}', '[\"x\", 7, true]', \
             '2024-02-29 12:34:56.5+01', '2024-02-29 12:34:56', -1234.50, 'high', '10.0.0.1', 'ab', 0.25, true)",
            scratch::ALICE_HASH
        ))
        .await;
    let options = scratch.options(&json!({
        "query": "SELECT *, pw AS password_hash FROM staff WHERE login = :username",
        "lookup_query": "SELECT * FROM staff WHERE id = :subject",
        "groups_query": null, "disabled": null, "locked": null, "expired": null, "must_change": null,
    }));
    let wanted = [
        "tags", "numbers", "profile", "roles", "joined", "seen", "pay", "rank", "code", "ratio",
        "chief",
    ];
    let tables = Tables::open(&options, wanted.map(str::to_owned).to_vec()).unwrap();
    let dinah = log_in(&tables, "dinah", ALICE_PASSWORD).await.unwrap();
    assert_eq!(dinah.subject.as_str(), "6f9619ff-8b86-d011-b42d-00cf4fc964ff");
    for (name, values) in [
        ("tags", &["cat", "two words"][..]),
        ("numbers", &["1", "2", "3", "4"]),
        ("profile", &["{\"a\": 1}"]),
        ("roles", &["x", "7", "true"]),
        ("joined", &["2024-02-29T11:34:56.5Z"]),
        ("seen", &["2024-02-29T12:34:56"]),
        ("pay", &["-1234.50"]),
        ("rank", &["high"]),
        ("code", &["ab    "]),
        ("ratio", &["0.25"]),
        ("chief", &["true"]),
    ] {
        let told: Vec<_> = dinah.attributes.all(name).iter().filter_map(Value::as_text).collect();
        assert_eq!(told, values, "{name}");
    }
    assert_eq!(tables.lookup(&dinah.subject).await.unwrap(), dinah);
    for nobody in
        ["6f9619ff-8b86-d011-b42d-00cf4fc964fe", "1", "6F9619FF-8B86-D011-B42D-00CF4FC964FF"]
    {
        let answer = tables.lookup(&subject(nobody)).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{nobody}: {answer:?}");
    }

    let tables = Tables::open(&options, vec!["address".to_owned()]).unwrap();
    let answer = log_in(&tables, "dinah", ALICE_PASSWORD).await;
    let Err(Refusal::Unavailable(cause)) = answer else { panic!("{answer:?}") };
    assert!(
        cause
            .to_string()
            .contains("`address` is of the type INET, which is not read; write it as text"),
        "{cause}"
    );
}

#[tokio::test]
async fn mariadb_has_types_of_its_own() {
    let scratch = scratch::mariadb().await;
    scratch
        .run(
            "CREATE TABLE staff (id BINARY(16) PRIMARY KEY, login VARCHAR(40) UNIQUE, pw TEXT, big BIGINT UNSIGNED, \
             small TINYINT, seen TIMESTAMP(3) NULL, joined DATETIME, kind ENUM('low', 'high'), flag BIT(1), \
             year YEAR, ratio DOUBLE, tags JSON, blob_pw BLOB)",
        )
        .await;
    scratch
        .run(&format!(
            "INSERT INTO staff VALUES (UNHEX('6F9619FF8B86D011B42D00CF4FC964FF'), 'dinah', '{0}', \
             18446744073709551615, -7, '2024-02-29 11:34:56.5', '2024-02-29 00:00:00', 'high', b'1', 1999, 0.25, \
             '[1]', '{0}')",
            scratch::ALICE_HASH
        ))
        .await;
    let options = scratch.options(&json!({
        // Hashes in a column of bytes are text all the same.
        "query": "SELECT lower(hex(id)) AS id, blob_pw AS password_hash, big, small, seen, joined, kind, \
                  flag, year, ratio FROM staff WHERE login = :username",
        "lookup_query": null, "groups_query": null, "disabled": null, "locked": null, "expired": null,
        "must_change": "flag",
    }));
    let wanted = ["big", "small", "seen", "joined", "kind", "year", "ratio"];
    let tables = Tables::open(&options, wanted.map(str::to_owned).to_vec()).unwrap();
    let stale = log_in(&tables, "dinah", ALICE_PASSWORD).await;
    assert!(matches!(stale, Err(Refusal::PasswordExpired(Some(_)))), "a BIT is a state: {stale:?}");
    scratch.run("SET time_zone = '+00:00'").await;
    scratch.run("UPDATE staff SET flag = b'0'").await;
    let dinah = log_in(&tables, "dinah", ALICE_PASSWORD).await.unwrap();
    assert_eq!(dinah.subject.as_str(), "6f9619ff8b86d011b42d00cf4fc964ff");
    for (name, value) in [
        ("big", "18446744073709551615"),
        ("small", "-7"),
        ("seen", "2024-02-29T11:34:56.5Z"),
        ("joined", "2024-02-29T00:00:00"),
        ("kind", "high"),
        ("year", "1999"),
        ("ratio", "0.25"),
    ] {
        assert_eq!(dinah.attributes.all(name), [Value::from(value)], "{name}");
    }
}
