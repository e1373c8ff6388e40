//! What discovery announces and what the document describes are the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{EXAMPLE, committed, root};
use crate::support::Op;

fn words(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_metadata_is_the_committed_one() {
    let op = Op::start().await;
    let metadata = format!("{:#}\n", op.discovery().await).replace(op.issuer(), EXAMPLE);
    let renewed = root().join("target/discovery.json");
    std::fs::write(&renewed, &metadata).unwrap();
    let known =
        std::fs::read_to_string(root().join("tests/openapi/discovery.json")).unwrap_or_default();
    assert!(
        metadata == known,
        "What discovery announces has changed. If it should have, renew tests/openapi/discovery.json by\n\
         cp {} tests/openapi/discovery.json",
        renewed.display()
    );
}

#[tokio::test]
async fn every_announced_address_is_described() {
    let op = Op::start().await;
    let metadata = op.discovery().await;
    let document: Value = serde_json::from_str(&committed()).unwrap();
    let mut announced = BTreeSet::new();
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name.ends_with("_uri") {
            let path = value.as_str().unwrap().strip_prefix(op.issuer()).unwrap();
            assert!(document["paths"][path].is_object(), "{name}: {path}");
            announced.insert(path);
        }
    }
    let paths = document["paths"].as_object().unwrap().keys();
    let described: BTreeSet<&str> =
        paths.map(String::as_str).filter(|path| path.starts_with("/oauth2/")).collect();
    assert_eq!(described, announced);
}

#[tokio::test]
async fn every_announced_value_is_described_and_no_other() {
    let op = Op::with_config("[authorization]\nplain_pkce = true").await;
    let metadata = op.discovery().await;
    let document: Value = serde_json::from_str(&committed()).unwrap();
    for (name, member) in [
        ("ResponseMode", "response_modes_supported"),
        ("Display", "display_values_supported"),
        ("CodeChallengeMethod", "code_challenge_methods_supported"),
    ] {
        let described = &document["components"]["schemas"][name]["enum"];
        assert_eq!(words(described), words(&metadata[member]), "{name}");
    }
    let mut grants = words(&document["components"]["schemas"]["GrantType"]["enum"]);
    // "implicit" is announced, and has nothing to redeem.
    grants.insert("implicit");
    assert_eq!(grants, words(&metadata["grant_types_supported"]));
    let scopes = document["components"]["securitySchemes"]["oauth2"]["flows"]["implicit"]["scopes"]
        .as_object();
    let scopes: BTreeSet<&str> = scopes.unwrap().keys().map(String::as_str).collect();
    assert_eq!(scopes, words(&metadata["scopes_supported"]));
}
