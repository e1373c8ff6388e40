//! What discovery announces the endpoints accept, and the converse.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::many;
use crate::protocol::authorization::{Policy, Request};
use crate::protocol::client::AuthMethod;
use crate::protocol::client_authentication::Presented;
use crate::protocol::discovery::Document;
use crate::protocol::response_type::ResponseType;
use crate::protocol::samples::{
    ID, ISSUER, NOW, SECRET, VERIFIER, ask, authenticated, basic, endpoint, parameters, policy, web,
};
use crate::protocol::token::Redemption;
use crate::protocol::{Algorithm, Client, Parameters};

/// The words that one member of the document lists.
fn announced(policy: &Policy, member: &str) -> Vec<String> {
    let document = Document::new(ISSUER, policy, &[Algorithm::RS256]);
    let document = serde_json::to_value(document).unwrap();
    let words = document.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// A client that may have whatever the server offers.
fn client(policy: &Policy) -> Client {
    Client { scope: policy.scopes.clone(), ..web() }
}

fn accepts(policy: &Policy, changes: &[(&str, &str)]) -> bool {
    let (parameters, client) = (ask(changes), client(policy));
    let Ok(endpoint) = endpoint(&parameters, &client) else { return false };
    Request::validate(&endpoint, &parameters, &client, policy, ID, NOW).is_ok()
}

/// The way in which the authorization endpoint is asked for a word of each member.
const ASKED: &[(&str, &str)] = &[
    ("response_types_supported", "response_type"),
    ("response_modes_supported", "response_mode"),
    ("scopes_supported", "scope"),
    ("prompt_values_supported", "prompt"),
    ("display_values_supported", "display"),
    ("code_challenge_methods_supported", "code_challenge_method"),
];

/// A request that asks for this word and is good otherwise.
fn asks<'a>(name: &'a str, word: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut changes = vec![(name, word)];
    match name {
        // Without `openid`, no name is ignored.
        "scope" => changes.push(("nonce", "")),
        "code_challenge_method" if word == "plain" => changes.push(("code_challenge", VERIFIER)),
        _ => {}
    }
    changes
}

fn policies() -> impl Strategy<Value = Policy> {
    (any::<bool>(), any::<bool>()).prop_map(|(plain_pkce, require_pkce)| Policy {
        plain_pkce,
        require_pkce,
        ..policy()
    })
}

/// A member, the parameter that it is about, and a word that it may list, or one that resembles such a word.
fn words() -> impl Strategy<Value = (&'static str, &'static str, String)> {
    select(ASKED).prop_flat_map(|(member, name)| {
        let mut known = announced(&Policy { plain_pkce: true, ..policy() }, member);
        known.extend(["S512", "none", "jwt", "create", "internal"].map(str::to_owned));
        let word = prop_oneof![
            4 => select(known.clone()),
            2 => (select(known), ".").prop_map(|(word, more)| word + &more),
            1 => "[a-zA-Z0-9_ ]{1,12}",
        ];
        (Just(member), Just(name), word)
    })
}

/// The order of the words of a response type means nothing; several words elsewhere are several announced ones.
fn parts(name: &str, word: &str) -> Vec<String> {
    match name {
        "response_type" => word.parse::<ResponseType>().iter().map(ToString::to_string).collect(),
        "scope" | "prompt" => {
            word.split(' ').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        _ => vec![word.to_owned()],
    }
}

#[test]
fn what_is_announced_is_accepted() {
    for plain_pkce in [false, true] {
        let policy = Policy { plain_pkce, ..policy() };
        for (member, name) in ASKED {
            let words = announced(&policy, member);
            assert!(!words.is_empty());
            for word in words {
                assert!(accepts(&policy, &asks(name, &word)), "{name}={word}");
            }
        }
        for word in announced(&policy, "acr_values_supported") {
            assert!(accepts(&policy, &[("acr_values", &word)]), "{word}");
        }
    }
}

#[test]
fn the_announced_ways_to_authenticate_are_the_ones_that_prove_something() {
    let policy = policy();
    let header = basic(&format!("app:{SECRET}"));
    for member in
        ["token_endpoint_auth_methods_supported", "revocation_endpoint_auth_methods_supported"]
    {
        let announced = announced(&policy, member);
        assert_eq!(announced.len(), AuthMethod::ALL.len());
        for method in AuthMethod::ALL {
            assert!(announced.iter().any(|word| word == method.as_str()));
            let (body, headers) = match method {
                AuthMethod::None => (vec![("client_id", "app")], vec![]),
                AuthMethod::ClientSecretPost => {
                    (vec![("client_id", "app"), ("client_secret", SECRET)], vec![])
                }
                AuthMethod::ClientSecretBasic => (vec![], vec![header.as_bytes()]),
            };
            let client = Client { token_endpoint_auth_method: method, ..web() };
            let presented = Presented::read(&parameters(&body), &headers).unwrap();
            assert!(presented.verify(Some(&client)).is_ok(), "{method:?}");
        }
    }
}

proptest! {
    #![proptest_config(many())]

    #[test]
    fn what_is_accepted_is_announced(
        policy in policies(),
        (member, name, word) in words(),
    ) {
        if accepts(&policy, &asks(name, &word)) {
            let announced = announced(&policy, member);
            for part in parts(name, &word) {
                prop_assert!(announced.contains(&part), "{name}={word}");
            }
        }
    }

    #[test]
    fn a_grant_type_is_announced_exactly_if_an_endpoint_knows_it(word in prop_oneof![
        select(vec!["authorization_code", "refresh_token", "implicit", "password", "client_credentials"])
            .prop_map(str::to_owned),
        "[a-z_]{1,20}",
    ]) {
        let sent: Parameters =
            parameters(&[("grant_type", &*word), ("code", "c"), ("refresh_token", "r")]);
        let honoured = Redemption::read(&sent, &authenticated(&web())).is_ok();
        // `implicit` is honoured by the authorization endpoint.
        let known = honoured || word == "implicit" && accepts(&policy(), &[("response_type", "token")]);
        prop_assert_eq!(announced(&policy(), "grant_types_supported").contains(&word), known);
    }
}
