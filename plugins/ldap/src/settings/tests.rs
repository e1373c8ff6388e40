//! Options as they are written, and the sentences that refuse them.

use proptest::prelude::*;
use serde_json::json;
use vestibule_counterparts::Folder;

use super::*;

/// The least there must be, and these; `null` takes one out.
fn parse(more: Value) -> Result<Settings, BadOption> {
    let least = json!({ "url": "ldaps://ldap.test", "base": "dc=test" });
    let (Value::Object(mut options), Value::Object(more)) = (least, more) else {
        panic!("objects")
    };
    options.extend(more);
    options.retain(|_, value| !value.is_null());
    Settings::parse(&options)
}

fn refusal(more: Value) -> String {
    let told = more.to_string();
    match parse(more) {
        Ok(_) => panic!("{told} was taken"),
        Err(error) => error.to_string(),
    }
}

fn addresses(more: Value) -> Vec<String> {
    match parse(more).unwrap().place {
        Place::Listed(addresses) => addresses.iter().map(ToString::to_string).collect(),
        Place::Srv(name) => vec![name],
    }
}

#[test]
fn the_least_is_a_place_and_a_base() {
    let settings = parse(json!({})).unwrap();
    assert_eq!(settings.security, Security::Tls);
    assert_eq!(settings.connect_timeout, Duration::from_secs(2));
    assert_eq!(settings.connections, 8);
    assert!(settings.service.is_none(), "anonymous");
    assert!(settings.people.password_change);
    assert_eq!(settings.groups.source, GroupSource::None);
}

#[test]
fn hosts_are_names_or_addresses_with_the_usual_ports() {
    assert_eq!(addresses(json!({ "url": "ldaps://LDAP.Test" })), ["ldap.test:636"]);
    assert_eq!(addresses(json!({ "url": "ldap://ldap.test/" })), ["ldap.test:389"]);
    assert_eq!(
        addresses(json!({ "url": ["ldaps://[2001:DB8::1]", "ldaps://192.0.2.1:1636"] })),
        ["[2001:db8::1]:636", "192.0.2.1:1636"]
    );
    assert_eq!(addresses(json!({ "url": null, "srv": "Corp.Test." })), ["_ldap._tcp.corp.test"]);
    let tls = json!({ "url": null, "srv": "corp.test", "security": "tls" });
    assert_eq!(addresses(tls), ["_ldaps._tcp.corp.test"]);
    let site = json!({ "url": null, "srv": "_ldap._tcp.paris._sites.corp.test" });
    assert_eq!(addresses(site), ["_ldap._tcp.paris._sites.corp.test"]);
    let servers = parse(json!({ "dns_servers": ["192.0.2.1", "[::1]:5353", "::1"] })).unwrap();
    let servers: Vec<String> = servers.dns_servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["192.0.2.1:53", "[::1]:5353", "[::1]:53"]);
}

// LD6
#[test]
fn nothing_but_the_word_itself_gives_a_connection_in_the_open() {
    let security = |more| parse(more).unwrap().security;
    assert_eq!(security(json!({ "url": "ldaps://x" })), Security::Tls);
    assert_eq!(security(json!({ "url": "ldap://x" })), Security::StartTls);
    assert_eq!(security(json!({ "url": null, "srv": "x.test" })), Security::StartTls);
    let open = json!({ "url": "ldap://x", "security": "plaintext" });
    assert_eq!(security(open), Security::Plaintext);
    for word in ["none", "", "PLAINTEXT", "ssl", "tls1.0", "plain", "starttls "] {
        let refusal = refusal(json!({ "url": "ldap://x", "security": word }));
        assert_eq!(refusal, "`security` must be one of \"tls\", \"starttls\", \"plaintext\"");
    }
    for (url, word) in [("ldaps://x", "plaintext"), ("ldaps://x", "starttls"), ("ldap://x", "tls")]
    {
        let refusal = refusal(json!({ "url": url, "security": word }));
        assert!(refusal.starts_with("`security` contradicts `url`"), "{refusal}");
    }
}

#[test]
fn each_wrong_value_is_refused_in_a_sentence_with_its_option_and_the_remedy() {
    let cases = [
        (json!({ "url": null }), "`url` is missing; say where the directory is"),
        (json!({ "base": null }), "`base` is missing"),
        (json!({ "base": "" }), "`base` must be a text that is not empty"),
        (json!({ "url": [] }), "`url` must be a text or a list of texts"),
        (json!({ "url": "ldap.test" }), "`url` has something that is no URL"),
        (json!({ "url": "https://x" }), "`url` has a URL of another kind"),
        (json!({ "url": "ldaps://" }), "`url` has a URL without the name or address of a host"),
        (json!({ "url": "ldaps://a b" }), "`url` has"),
        (json!({ "url": "ldaps://x/dc=test" }), "`url` has more than a host in a URL"),
        (json!({ "url": "ldaps://x??sub" }), "`url` has more than a host in a URL"),
        (json!({ "url": "ldaps://svc:canary-83@x" }), "`url` has a user in a URL"),
        (json!({ "url": ["ldap://x", "ldaps://y"] }), "`url` mixes ldap:// and ldaps://"),
        (json!({ "srv": "x.test" }), "`srv` stands beside `url`; take one of them out"),
        (json!({ "url": null, "srv": "192.0.2.1" }), "`srv` must be a domain"),
        (json!({ "dns_servers": "dns.test" }), "`dns_servers` must be IP addresses"),
        (json!({ "order": "random" }), "`order` must be one of \"ordered\", \"round-robin\""),
        (json!({ "connect_timeout": 2 }), "`connect_timeout` must be a time from 100ms to 5m"),
        (json!({ "operation_timeout": "0s" }), "`operation_timeout` must be a time"),
        (json!({ "operation_timeout": "2 s" }), "`operation_timeout` must be a time"),
        (json!({ "connections": 0 }), "`connections` must be a number from 1 to 256"),
        (json!({ "connections": "8" }), "`connections` must be a number from 1 to 256"),
        (json!({ "bind_dn": "cn=svc" }), "`bind_dn` needs `bind_password` or `bind_password_file`"),
        (json!({ "bind_password": "canary-83" }), "`bind_password` needs `bind_dn` beside it"),
        (
            json!({ "bind_dn": "cn=svc", "bind_password": " " }),
            "`bind_password` must be a text that is not empty",
        ),
        (
            json!({ "bind_dn": "cn=svc", "bind_password": "canary-83\0" }),
            "`bind_password` will not do as a password: the password has a NUL in it",
        ),
        (
            json!({ "bind_dn": "x", "bind_password": "canary-83", "bind_password_file": "x" }),
            "`bind_password` stands beside `bind_password_file`",
        ),
        (
            json!({ "bind_dn": "x", "bind_password_file": "/nowhere/x" }),
            "`bind_password_file` names /nowhere/x, which cannot be read",
        ),
        (json!({ "client_key": "x" }), "`client_key` needs `client_certificate` beside it"),
        (json!({ "client_certificate": "x" }), "`client_certificate` needs `client_key` beside it"),
        (
            json!({ "url": "ldap://x", "security": "plaintext", "ca": "x" }),
            "`ca` has no use where `security` is \"plaintext\"",
        ),
        (
            json!({ "filter": "(uid=alice)" }),
            "`filter` must have {username}, {account} or {local} in it",
        ),
        (json!({ "filter": "(uid={username}" }), "`filter` is no filter of RFC 4515"),
        (json!({ "group_filter": "cn=x)" , "groups": "search" }), "`group_filter` is no filter"),
        (
            json!({ "group_filter": "(member={dn})" , "groups": "search" }),
            "`group_filter` must not have braces in it",
        ),
        (
            json!({ "bind_as": "cn=svc" }),
            "`bind_as` must have {username}, {account} or {local} in it",
        ),
        (json!({ "scope": "sub" }), "`scope` must be one of \"base\", \"one\", \"subtree\""),
        (json!({ "required_group": "staff" }), "`required_group` needs `groups` beside it"),
        (json!({ "nested_groups": "yes" }), "`nested_groups` must be true or false"),
        (json!({ "group_depth": 0 }), "`group_depth` must be a number from 1 to 100"),
    ];
    for (options, words) in cases {
        let refusal = refusal(options.clone());
        assert!(refusal.starts_with(words), "{options}: {refusal}");
        assert!(!refusal.contains("canary"), "{refusal}");
    }
}

// LG1
#[test]
fn the_bind_password_does_not_print_and_may_be_in_a_file() {
    let folder = Folder::new();
    let file = folder.write("password", "canary-83\r\n");
    let settings = parse(json!({ "bind_dn": "cn=svc", "bind_password_file": file })).unwrap();
    assert_eq!(settings.service.as_ref().unwrap().password.expose(), "canary-83");
    assert!(!format!("{settings:?}").contains("canary"));
}

// LD3
#[test]
fn what_is_shown_to_the_host_is_listed_as_secret() {
    assert_eq!(SECRETS, ["bind_password", "bind_password_file"]);
    assert!(SECRETS.iter().all(|secret| OPTIONS.contains(secret)));
    assert!(OPTIONS.is_sorted());
}

proptest! {
    #[test]
    fn no_url_makes_it_panic_or_lose_its_host(text in "(ldaps?://)?[\\[\\]a-zA-Z0-9.:@/?#% _-]{0,30}") {
        if let Ok(Settings { place: Place::Listed(addresses), .. }) =
            parse(json!({ "url": text, "security": null }))
        {
            let host = &addresses[0].host;
            prop_assert!(text.to_ascii_lowercase().contains(host.as_str()), "{host}");
            prop_assert!(!host.is_empty());
        }
    }
}
