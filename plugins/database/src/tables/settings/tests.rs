//! Options, right and wrong.

use serde_json::json;

use super::*;

fn parse(options: &Value) -> Result<Settings, String> {
    let wanted = vec!["mail".to_owned(), "groups".to_owned()];
    Settings::parse(options.as_object().unwrap(), wanted).map_err(|bad| bad.to_string())
}

/// The least that must be there, with some more.
fn with(more: &Value) -> Value {
    let mut options = json!({
        "url": "postgres://reader:hunter2@db.example:5433/people",
        "query": "SELECT * FROM users WHERE lower(login) = :username",
    });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

#[test]
fn every_option_is_read() {
    let write = "UPDATE users SET password = :hash WHERE id = :subject AND password = :old_hash";
    let settings = parse(&with(&json!({
        "connections": 3,
        "lookup_query": "SELECT * FROM users WHERE uid = :subject",
        "groups_query": "SELECT name FROM memberships WHERE uid = :subject",
        "sample_query": "SELECT * FROM users LIMIT 20",
        "write_query": write,
        "password_write": write,
        "subject": "uid", "password": "password", "disabled": "off", "locked": "shut",
        "expired": "gone", "must_change": "stale",
        "allow_weak_hashes": true, "bcrypt_long": "truncate",
        "hash_memory": 8, "hash_passes": 1, "hash_lanes": 1, "hash_workers": 1, "hash_queue": 1,
    })))
    .unwrap_or_else(|bad| panic!("{bad}"));
    assert_eq!(settings.place.name(), "postgres://db.example:5433/people");
    assert!(settings.place.is_exposed(), "its certificate is not checked");
    assert_eq!(settings.connections, 3);
    assert_eq!(settings.columns.subject, "uid");
    assert_eq!(settings.beyond, Beyond::Truncate);
    assert!(settings.allow_weak_hashes && settings.queries.change.is_some());
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let write = "UPDATE users SET password = :hash WHERE id = :subject";
    for (more, problem) in [
        (json!({ "url": "oracle://x" }), "`url` cannot be read; it must look like sqlite:FILE, "),
        (json!({ "url": "postgres://u:hunter2@[x/" }), "`url` cannot be read; it must look like "),
        (json!({ "url_file": "/x" }), "`url_file` and `url` are both there; leave one of them out"),
        (json!({ "connections": 0 }), "`connections` must be a number from 1 to 1000"),
        (json!({ "query": 5 }), "`query` must be a text, and not empty"),
        (
            json!({ "lookup_query": "SELECT 1" }),
            "`lookup_query` must have the placeholder `:subject`",
        ),
        (
            json!({ "groups_query": "SELECT 1" }),
            "`groups_query` must have the placeholder `:subject` or `:username`",
        ),
        (
            json!({
                "lookup_query": "SELECT * FROM users WHERE id = :subject",
                "groups_query": "SELECT name FROM g WHERE login = :username",
            }),
            "`groups_query` must use `:subject`, not `:username`: a look-up knows no name",
        ),
        (json!({ "write_query": write }), "`write_query` must have the placeholder `:old_hash`"),
        (
            json!({ "write_query": format!("{write} OR :old_hash = ''").replace("WHERE", ", x = 1 +") }),
            "`write_query` must compare `:subject` behind its WHERE",
        ),
        (
            json!({ "password_write": write.replace("SET", "SET before = :old_hash,") }),
            "`password_write` must compare `:old_hash` behind its WHERE",
        ),
        (json!({ "write_query": "SELECT 1" }), "`write_query` must begin with UPDATE"),
        (
            json!({ "sample_query": "SELECT :username" }),
            "`sample_query` has the placeholder `:username`; there are none here",
        ),
        (
            json!({ "subject": "login" }),
            "`subject` is the login name; it must be a key that never changes and is never given to \
             somebody else",
        ),
        (json!({ "subject": "password_hash" }), "`subject` must not be the column of the password"),
        (
            json!({ "password": "mail" }),
            "`password` is the column of the hash, and a claim is made of it; take it out of `claims`",
        ),
        (
            json!({ "expired": "expires_at < now()" }),
            "`expired` must be the name of a column of the query; give an expression a name in the \
             query, with AS",
        ),
        (json!({ "allow_weak_hashes": "yes" }), "`allow_weak_hashes` must be true or false"),
        (json!({ "bcrypt_long": "cut" }), "`bcrypt_long` must be \"refuse\" or \"truncate\""),
        (json!({ "hash_memory": 1 }), "`hash_memory` must be a number from 8 to 1048576"),
    ] {
        let refused = parse(&with(&more)).err().unwrap_or_else(|| panic!("{more} was taken"));
        assert!(refused.starts_with(problem), "{more}: {refused}");
        assert!(!refused.contains("hunter2"), "no secret is told: {refused}");
    }
    let missing = parse(&json!({})).err().unwrap();
    assert_eq!(missing, "`url` is missing; it says where the database is");
    let missing = parse(&json!({ "url": "sqlite:x" })).err().unwrap();
    assert_eq!(missing, "`query` is missing; it is a SELECT with `:username` in it");
}

#[test]
fn an_address_is_read_from_a_file() {
    let file = std::env::temp_dir().join(format!("vestibule-url-{}", std::process::id()));
    std::fs::write(&file, "mariadb://reader:hunter2@localhost/people\n").unwrap();
    let mut options = with(&json!({ "url_file": file }));
    options.as_object_mut().unwrap().remove("url");
    let settings = parse(&options);
    std::fs::remove_file(&file).unwrap();
    let place = settings.unwrap_or_else(|bad| panic!("{bad}")).place;
    assert_eq!(place.name(), "mysql://localhost:3306/people");
    assert!(!place.is_exposed(), "nobody is between us and this machine");
}

#[test]
fn hashes_are_configured_as_for_the_own_table() {
    for option in crate::OPTIONS {
        assert!(OPTIONS.contains(option), "{option}");
    }
}
