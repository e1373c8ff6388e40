//! Names, patterns and filters; the climbing itself is tested on real servers.

use serde_json::{Value, json};

use super::filters::in_chain;
use super::*;

fn settings(more: &Value) -> Settings {
    let mut options = json!({ "url": "ldaps://x", "base": "dc=x", "groups": "search" });
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Settings::parse(options.as_object().unwrap()).unwrap()
}

fn group(dn: &str) -> Group {
    Group { dn: dn.to_owned(), depth: 0 }
}

#[test]
fn a_pattern_has_stars_for_anything() {
    for (text, pattern) in [
        ("app-admins", "app-*"),
        ("APP-admins", "app-*"),
        ("app-admins", "*-admins"),
        ("app-admins", "app-admins"),
        ("app-admins", "a*-*s"),
        ("a", "*"),
        ("", "*"),
        ("abab", "*ab*"),
    ] {
        assert!(fits(text, pattern), "{text} {pattern}");
    }
    for (text, pattern) in
        [("my-app", "app-*"), ("app", "app-*"), ("aba", "ab*ba"), ("a", ""), ("ab", "a*b*b")]
    {
        assert!(!fits(text, pattern), "{text} {pattern}");
    }
}

#[test]
fn groups_are_told_once_and_in_order() {
    let groups = ["cn=b,ou=1", "cn=a,ou=1", "cn=b,ou=2"].map(group);
    assert_eq!(told(&groups, &settings(&json!({}))), ["a", "b"]);
    let names = settings(&json!({ "group_names": "dn", "group_pattern": "cn=b,*" }));
    assert_eq!(told(&groups, &names), ["cn=b,ou=1", "cn=b,ou=2"]);
}

#[test]
fn a_required_group_is_known_by_dn_or_by_name() {
    let groups = [group(r"CN=Staff\, all,OU=Groups,DC=x")];
    assert!(has(&groups, r"cn=staff\2C all,ou=groups,dc=x"));
    assert!(has(&groups, "staff, ALL"));
    assert!(!has(&groups, "cn=staff,ou=groups,dc=x"));
    assert!(!has(&groups, "staff"));
    assert!(!has(&[], "staff"));
}

// LD2
#[test]
fn members_are_escaped_in_filters() {
    let members = Members { dns: &[r"cn=a\, (b)*,dc=x"], names: &["*"] };
    assert_eq!(
        members.filter(&settings(&json!({})), Flavour::OpenLdap),
        r"(|(&(objectClass=groupOfNames)(member=cn=a\5c, \28b\29\2a,dc=x))(&(objectClass=groupOfUniqueNames)(uniqueMember=cn=a\5c, \28b\29\2a,dc=x))(&(objectClass=posixGroup)(memberUid=\2a)))"
    );
    let members = Members { dns: &["cn=a"], names: &[] };
    assert_eq!(
        members.filter(&settings(&json!({ "group_filter": "app=x" })), Flavour::OpenLdap),
        "(&(app=x)(|(member=cn=a)(uniqueMember=cn=a)))"
    );
    assert_eq!(
        members.filter(&settings(&json!({})), Flavour::ActiveDirectory),
        "(&(objectClass=group)(member=cn=a))"
    );
    assert_eq!(
        in_chain(&settings(&json!({})), &["cn=a", "cn=b"]),
        "(&(objectClass=group)(|(member:1.2.840.113556.1.4.1941:=cn=a)(member:1.2.840.113556.1.4.1941:=cn=b)))"
    );
}
