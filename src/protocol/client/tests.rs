use super::*;
use crate::protocol::samples::{CALLBACK, SECRET, native, scope, spa, web};

fn refusal(client: Client, spoil: impl FnOnce(&mut Client)) -> Error {
    let mut client = client;
    spoil(&mut client);
    client.validate().unwrap_err()
}

fn url(text: &str) -> Option<Url> {
    Some(Url::parse(text).unwrap())
}

// CA2
#[test]
fn a_confidential_client_without_a_secret_cannot_be_registered() {
    assert!(
        refusal(web(), |client| client.secret = None).description.contains("needs a client_secret")
    );
    let error = refusal(spa(), |client| client.secret = Some(SecretHash::of(SECRET)));
    assert!(error.description.contains("has no client_secret"));
}

#[test]
fn faulty_metadata_is_refused_by_its_name() {
    let name = |error: Error| error.description;
    for (refused, named) in [
        (name(refusal(web(), |c| c.client_id = String::new())), "client_id"),
        (name(refusal(web(), |c| c.client_id = "ü".to_owned())), "client_id"),
        (name(refusal(web(), |c| c.client_id = "a\nb".to_owned())), "client_id"),
        (name(refusal(web(), |c| c.client_id = "x".repeat(256))), "client_id"),
        (name(refusal(web(), |c| c.client_name = " ".to_owned())), "client_name"),
        (name(refusal(web(), |c| c.logo_uri = url("data:image/png,x"))), "logo_uri"),
        (name(refusal(web(), |c| c.policy_uri = url("javascript:alert(1)"))), "policy_uri"),
        (name(refusal(web(), |c| c.tos_uri = url("file:///etc/passwd"))), "tos_uri"),
        (name(refusal(web(), |c| c.redirect_uris.clear())), "redirect_uris"),
        (name(refusal(web(), |c| c.redirect_uris.push("javascript:x".to_owned()))), "javascript"),
        (name(refusal(web(), |c| c.post_logout_redirect_uris.push("data:x".to_owned()))), "data:x"),
        (name(refusal(spa(), |c| c.id_token_signed_response_alg = Algorithm::HS256)), "HS256"),
        (
            name(refusal(web(), |c| c.access_token_signed_response_alg = Algorithm::HS256)),
            "access tokens",
        ),
    ] {
        assert!(refused.contains(named), "{refused}");
    }
}

// CR1
#[test]
fn only_whole_origins_may_be_registered() {
    for origin in [
        "*",
        "null",
        "",
        "https://app.example/",
        "https://app.example/cb",
        "https://app.example:443",
        "HTTPS://app.example",
        "https://*.example",
        "https://user@app.example",
        "file://",
        "com.example.tool:/",
    ] {
        let error = refusal(web(), |client| client.origins = Some(vec![origin.to_owned()]));
        assert!(error.description.contains("not an origin"), "{origin}: {error}");
    }
    let mut client = web();
    client.origins = Some(vec!["https://app.example".into(), "http://localhost:3000".into()]);
    assert_eq!(client.validate(), Ok(()));
    assert_eq!(client.origins(), ["https://app.example", "http://localhost:3000"]);
}

// CR1
#[test]
fn its_origins_are_those_of_its_redirect_uris_unless_set() {
    let mut client = web();
    client.redirect_uris.extend(["https://b.example:8443/x".into(), format!("{CALLBACK}2")]);
    assert_eq!(client.origins(), ["https://app.example", "https://b.example:8443"]);
    client.origins = Some(Vec::new());
    assert_eq!(client.origins(), [""; 0]);
    assert_eq!(native().origins(), ["http://127.0.0.1", "http://[::1]:3000"]);
}

// FL1
#[test]
fn response_types_need_their_grants() {
    let without = |grant_type| {
        let mut client = web();
        client.grant_types.remove(&grant_type);
        assert!(client.validate().is_err());
        ResponseType::ALL.map(|response_type| client.may_ask_for(response_type))
    };
    assert_eq!(without(GrantType::Implicit), [true, false, false, false, false, false, false]);
    let no_code = without(GrantType::AuthorizationCode);
    assert_eq!(no_code, [false, true, true, true, false, false, false]);
}

#[test]
fn a_client_with_a_private_use_scheme_cannot_register_for_front_channel_tokens() {
    for response_type in ResponseType::ALL {
        let mut client = native();
        client.grant_types.insert(GrantType::Implicit);
        client.response_types.insert(response_type);
        assert_eq!(client.validate().is_err(), response_type.is_front_channel(), "{response_type}");
    }
}

#[test]
fn only_a_client_that_nobody_can_pass_for_is_trusted() {
    let mut client = spa();
    client.trusted = true;
    assert_eq!((client.validate(), client.is_trusted()), (Ok(()), true));
    client.redirect_uris.push("http://127.0.0.1/cb".to_owned());
    assert!(client.validate().is_err() && !client.is_trusted());

    let mut client = web();
    client.trusted = true;
    client.redirect_uris.push("http://127.0.0.1/cb".to_owned());
    assert_eq!((client.validate(), client.is_trusted()), (Ok(()), true));
    assert!(!native().is_identifiable());
}

#[test]
fn a_client_that_separates_scopes_by_commas_has_none_with_a_comma() {
    let mut client = web();
    client.scope = scope("openid read,write");
    assert_eq!(client.validate(), Ok(()));
    client.scope_delimiter = Delimiter::Comma;
    assert!(client.validate().unwrap_err().description.contains("read,write"));
    client.scope = scope("openid \u{fc}");
    client.scope_delimiter = Delimiter::Space;
    assert!(client.validate().is_err());
}

#[test]
fn metadata_survives_storage_and_never_holds_the_secret() {
    let mut client = native();
    client.secret = Some(SecretHash::of(SECRET));
    client.disabled = true;
    let stored = serde_json::to_value(&client).unwrap();
    for member in ["secret", "disabled", "client_secret"] {
        assert_eq!(stored.get(member), None);
    }
    let read: Client = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), stored);
    assert_eq!(format!("{:?}", client.secret), "Some(SecretHash)");
}

// CA4
#[test]
fn a_secret_is_known_by_its_hash() {
    let hash = SecretHash::of(SECRET);
    assert!(hash.is_of(SECRET));
    for wrong in ["", " ", &SECRET[1..], &format!("{SECRET} "), &SECRET.to_lowercase()] {
        assert!(!hash.is_of(wrong), "{wrong:?}");
    }
    assert!(SecretHash::parse(&hash.to_text()).unwrap().is_of(SECRET));
}

#[test]
fn its_own_lifetime_comes_before_the_servers() {
    let server = Duration::from_secs(60);
    assert_eq!(Lifetimes::or(None, server), server);
    assert_eq!(Lifetimes::or(Some(5), server), Duration::from_secs(5));
}
