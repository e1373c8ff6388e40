//! Hostile names through the real search: slapd says how it understood each filter.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use vestibule_counterparts::{Slapd, password_of};
use vestibule_plugin::{Refusal, Username};

use crate::open::{log_in_with, login, password, slapd};

/// How slapd prints a value of an equality: RFC 4515, with two hexadecimal digits for what it escapes.
fn printed(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'*' | b'(' | b')' | b'\\' => text.push_str(&format!("\\{byte:02X}")),
            0x20..0x7f => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:02X}")),
        }
    }
    text
}

// LD2
#[tokio::test]
async fn a_name_that_is_a_filter_finds_nobody() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for name in
        ["*", ")(uid=*", "*)(|(uid=*", "a*", "alice)(cn=*", "\\2a", "alice*", "&", "|(", "!", "=*"]
    {
        let answer = log_in_with(&backend, name, &password_of("alice")).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{name}: {answer:?}");
        let filter = server.filters().pop().unwrap();
        assert_eq!(filter, format!("(uid={})", printed(name)));
    }
    assert!(server.binds().iter().all(|dn| !dn.starts_with("uid=")), "{:?}", server.binds());
}

// LD2
#[tokio::test]
async fn a_builder_with_a_star_is_found_by_his_name_alone() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "filter": "(cn={username})" }));
    let found = log_in_with(&backend, "bob (the) builder*", &password_of("bob")).await.unwrap();
    assert_eq!(found.attributes.first("mail").unwrap().as_text(), Some("bob@example.test"));
    for name in ["bob (the) builder", "bob*", "bob (*) builder*", "*builder\\2a"] {
        let answer = log_in_with(&backend, name, &password_of("bob")).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{name}: {answer:?}");
    }
    let smith = log_in_with(&backend, "smith, john #1", &password_of("jsmith")).await.unwrap();
    assert_eq!(smith.attributes.first("mail").unwrap().as_text(), Some("jsmith@example.test"));
}

// LD2
#[test]
fn slapd_reads_every_name_as_one_value() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Slapd::start());
    let backend = slapd(&server, json!({ "filter": "(cn={username})" }));
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let names = prop_oneof!["[!-@\\[-~]{1,24}", "[*()\\\\&|!=a-c]{1,12}"];
    let result = runner.run(&names, |name| {
        let Ok(username) = Username::parse(&name) else { return Ok(()) };
        let answer = runtime.block_on(login(&backend).authenticate(&username, &password("x")));
        prop_assert!(
            matches!(answer, Err(Refusal::Unknown | Refusal::WrongCredentials(_))),
            "{:?}",
            answer
        );
        let filter = server.filters().pop().unwrap_or_default();
        prop_assert_eq!(filter, format!("(cn={})", printed(&name)));
        Ok(())
    });
    result.unwrap();
}
