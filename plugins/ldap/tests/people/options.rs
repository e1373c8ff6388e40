//! Options that cannot be meant.

use serde_json::{Value, json};
use vestibule_ldap::Ldap;

use crate::open::options;

fn refused(more: Value, attributes: &[&str]) -> String {
    let usual = json!({ "url": "ldaps://ldap.test", "base": "dc=example,dc=test" });
    let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
    match Ldap::open("staff", &options(usual, more), attributes) {
        Ok(_) => panic!("it opens"),
        Err(option) => option.to_string(),
    }
}

#[test]
fn a_name_is_refused_as_subject() {
    for name in ["dn", "uid", "cn", "mail", "sAMAccountName", "userPrincipalName"] {
        let sentence = refused(json!({ "subject": name }), &[]);
        assert!(sentence.starts_with(&format!("`subject` must not be `{name}`")), "{sentence}");
        assert!(sentence.contains("entryUUID"), "the remedy: {sentence}");
    }
}

#[test]
fn no_claim_is_made_of_a_password() {
    for name in ["userPassword", "unicodepwd", "sambaNTPassword"] {
        let sentence = refused(json!({}), &["mail", name]);
        assert!(sentence.starts_with("`claims` ") && sentence.contains(name), "{sentence}");
    }
}
