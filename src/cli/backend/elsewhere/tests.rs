//! Which changes of a host clear the stored secrets.

use std::time::Duration;

use serde_json::{Map, json};

use super::*;

const SECRETS: &[&str] = &["bind_password", "bind_password_file"];

/// A backend that is configured so.
fn settings(options: &Value) -> BackendSettings {
    BackendSettings {
        name: "staff".to_owned(),
        kind: "ldap".to_owned(),
        usernames: Vec::new(),
        patience: Duration::from_secs(1),
        attempts: None,
        claims: Map::new(),
        options: options.as_object().unwrap().clone(),
    }
}

fn apply(
    options: &Value,
    url: Option<&str>,
    security: Option<&str>,
    asks_bind_password: bool,
) -> Result<BackendSettings, Failure> {
    Elsewhere { url, security, secrets: SECRETS, asks_bind_password }.apply(&settings(options))
}

fn two_hosts() -> Value {
    json!({ "url": ["ldaps://dc1.test", "ldaps://DC2.test:1636"], "bind_dn": "cn=svc", "bind_password": "canary" })
}

// LD3
#[test]
fn the_stored_password_stays_with_the_configured_hosts() {
    for url in ["ldaps://dc1.test", "ldaps://dc1.test:636", "ldaps://dc2.TEST:1636"] {
        let moved = apply(&two_hosts(), Some(url), None, false).unwrap();
        assert_eq!(moved.options["bind_password"], "canary", "{url}");
        assert_eq!(moved.options["url"], url);
    }
    // No other words than those of the file.
    let moved = apply(&two_hosts(), None, Some("tls"), false).unwrap();
    assert_eq!(moved.options["bind_password"], "canary");
}

// LD3
#[test]
fn another_scheme_host_port_or_encryption_clears_the_stored_password() {
    for (url, security) in [
        (Some("ldaps://dc3.test"), None),
        (Some("ldaps://dc1.test."), None),
        (Some("ldaps://dc1.test:1636"), None),
        (Some("ldaps://dc2.test"), None),
        (Some("ldap://dc1.test:636"), None),
        (Some("ldap://dc1.test"), None),
        (Some("ldaps://dc1.test"), Some("plaintext")),
        (None, Some("plaintext")),
        (None, Some("starttls")),
    ] {
        for secret in ["bind_password", "bind_password_file"] {
            let mut options = two_hosts();
            options.as_object_mut().unwrap().remove("bind_password");
            options[secret] = json!("canary");
            let failure = apply(&options, url, security, false).unwrap_err().to_string();
            assert!(failure.contains("--bind-password-prompt"), "{failure}");
            assert!(failure.contains("ldaps://dc1.test:636 (tls)"), "{failure}");
            assert!(!failure.contains("canary"), "{failure}");
            let moved = apply(&options, url, security, true).unwrap();
            assert!(!Value::Object(moved.options).to_string().contains("canary"));
        }
    }
}

// LD3
#[test]
fn hosts_of_the_dns_are_no_place_to_compare_with() {
    let options =
        json!({ "srv": "corp.test", "dns_servers": ["192.0.2.1"], "bind_password": "canary" });
    let failure = apply(&options, Some("ldaps://dc1.corp.test"), None, false).unwrap_err();
    assert!(failure.to_string().contains("--bind-password-prompt"), "{failure}");
    let moved = apply(&options, Some("ldaps://dc1.corp.test"), None, true).unwrap();
    assert_eq!(moved.options.keys().collect::<Vec<_>>(), ["url"]);
}

#[test]
fn whoever_binds_as_the_person_alone_goes_anywhere() {
    let options =
        json!({ "url": "ldap://a.test", "security": "plaintext", "bind_as": "{username}@a.test" });
    let moved = apply(&options, Some("ldaps://b.test"), None, false).unwrap();
    assert!(!moved.options.contains_key("security"), "plaintext was not asked for there");
    let moved = apply(&options, Some("ldap://b.test"), None, false).unwrap();
    assert_eq!(moved.options["security"], "plaintext");
    let options =
        json!({ "url": "ldaps://a.test", "ca": "/ca.pem", "bind_as": "{username}@a.test" });
    let moved = apply(&options, Some("ldap://a.test"), Some("plaintext"), false).unwrap();
    assert!(!moved.options.contains_key("ca"), "of no use in the open");
}

#[test]
fn a_bind_password_for_this_run_takes_the_place_of_the_stored_one() {
    let mut options = two_hosts();
    options["bind_password_file"] = json!("/canary");
    let mut moved = apply(&options, None, None, true).unwrap();
    with_bind_password(&mut moved, &Password::parse("typed".to_owned()).unwrap());
    assert_eq!(moved.options["bind_password"], "typed");
    assert!(!moved.options.contains_key("bind_password_file"));
}

#[test]
fn what_is_no_host_is_refused_and_not_repeated() {
    for url in ["dc1.test", "https://dc1.test", "ldaps://cn=x:canary@dc1.test", "ldap://"] {
        let failure = apply(&two_hosts(), Some(url), None, true).unwrap_err().to_string();
        assert!(failure.starts_with("--url must be ldaps://host"), "{failure}");
        assert!(!failure.contains("canary"));
    }
    let mut own = settings(&json!({}));
    own.kind = "database".to_owned();
    let elsewhere = Elsewhere {
        url: Some("ldap://a"),
        security: None,
        secrets: SECRETS,
        asks_bind_password: false,
    };
    let failure = elsewhere.apply(&own).unwrap_err().to_string();
    assert!(failure.contains("for a backend of type \"ldap\""), "{failure}");
}
