use super::*;
use crate::protocol::client::AuthMethod;
use crate::protocol::samples::{
    self, CALLBACK, CHALLENGE, ID, NOW, VERIFIER, ask, endpoint, native, policy, scope, spa,
    validate, web,
};
use crate::protocol::scope::Delimiter;

/// The code of the refusal of a sample request with these changes.
fn refusal(changes: &[(&str, &str)]) -> Option<Code> {
    validate(&ask(changes), &web()).err().map(|error| error.code)
}

#[test]
fn each_fault_has_the_code_that_the_specifications_give_it() {
    let long = "x".repeat(LIMIT);
    for (changes, code) in [
        (vec![("response_type", "")], Code::InvalidRequest),
        (vec![("response_type", "none")], Code::UnsupportedResponseType),
        (vec![("response_type", "code code")], Code::UnsupportedResponseType),
        (vec![("response_mode", "web_message")], Code::InvalidRequest),
        (vec![("request", "x")], Code::RequestNotSupported),
        (vec![("request_uri", "https://app.example/r")], Code::RequestUriNotSupported),
        (vec![("registration", "{}")], Code::RegistrationNotSupported),
        (vec![("scope", "openid\u{a0}x")], Code::InvalidScope),
        (vec![("scope", "profile phone")], Code::InvalidScope),
        (vec![("prompt", "none login")], Code::InvalidRequest),
        (vec![("prompt", "consent none")], Code::InvalidRequest),
        (vec![("prompt", "create")], Code::InvalidRequest),
        (vec![("prompt", "LOGIN")], Code::InvalidRequest),
        (vec![("max_age", "-1")], Code::InvalidRequest),
        (vec![("max_age", "+1")], Code::InvalidRequest),
        (vec![("max_age", "1.5")], Code::InvalidRequest),
        (vec![("max_age", " 1")], Code::InvalidRequest),
        (vec![("max_age", "4294967296")], Code::InvalidRequest),
        (vec![("max_age", "99999999999999999999999")], Code::InvalidRequest),
        (vec![("display", "hologram")], Code::InvalidRequest),
        (vec![("claims", "x")], Code::InvalidRequest),
        (vec![("code_challenge_method", "plain")], Code::InvalidRequest),
        (vec![("code_challenge_method", "")], Code::InvalidRequest),
        (vec![("code_challenge", "")], Code::InvalidRequest),
        (vec![("state", "a\nb")], Code::InvalidRequest),
        (vec![("unknown", long.as_str())], Code::InvalidRequest),
    ] {
        assert_eq!(refusal(&changes), Some(code), "{changes:?}");
    }
}

#[test]
fn what_must_not_cause_an_error_causes_none() {
    for changes in [
        vec![],
        vec![("unknown", "x")],
        vec![("unknown", "x"), ("unknown", "x")],
        vec![("resource", "https://a.example"), ("resource", "https://b.example")],
        vec![("display", "popup")],
        vec![("login_hint", "alice"), ("ui_locales", "de en"), ("claims_locales", "xx")],
        vec![("acr_values", "urn:unheard-of  urn:mfa")],
        vec![("prompt", " login  consent select_account ")],
        vec![("max_age", "0")],
        vec![("max_age", "4294967295")],
        vec![("nonce", "")],
        vec![("state", "")],
        vec![("code_challenge", ""), ("code_challenge_method", "")],
        vec![("scope", "openid unheard-of")],
        vec![("scope", "profile openid")],
        vec![("scope", "")],
        vec![("claims", r#"{"userinfo": {"name": {"essential": true}}}"#)],
        vec![("response_mode", "fragment")],
    ] {
        assert_eq!(refusal(&changes), None, "{changes:?}");
    }
}

// RU7
#[test]
fn no_documented_parameter_may_be_repeated() {
    for name in [
        "response_type",
        "scope",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "display",
        "claims",
        "acr_values",
        "id_token_hint",
        "login_hint",
        "ui_locales",
        "claims_locales",
        "response_mode",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri",
        "registration",
    ] {
        let error = validate(&ask(&[(name, ""), (name, "")]), &web()).err().unwrap();
        assert_eq!(error.code, Code::InvalidRequest, "{name}");
        assert!(error.description.contains(&format!("{name} is given more than once")));
    }
}

// FL2
#[test]
fn an_id_token_from_the_front_channel_needs_a_nonce_and_openid() {
    for response_type in ResponseType::ALL {
        let text = response_type.to_string();
        let without_nonce = refusal(&[("response_type", &text), ("nonce", "")]);
        let without_openid = refusal(&[("response_type", &text), ("scope", "profile")]);
        let expected = response_type.id_token.then_some(Code::InvalidRequest);
        assert_eq!(without_nonce, expected, "{text}");
        assert_eq!(without_openid, expected, "{text}");
    }
}

// FL2
#[test]
fn no_token_travels_in_a_query() {
    for response_type in ResponseType::ALL {
        for mode in ResponseMode::ALL {
            let changes =
                [("response_type", &*response_type.to_string()), ("response_mode", mode.as_str())];
            let refused = response_type.is_front_channel() && mode == ResponseMode::Query;
            assert_eq!(refusal(&changes).is_some(), refused, "{changes:?}");
        }
    }
}

// FL1
#[test]
fn only_registered_response_types_are_answered() {
    for registered in ResponseType::ALL {
        for asked in ResponseType::ALL {
            let mut client = web();
            client.response_types = [registered].into();
            let outcome = validate(&ask(&[("response_type", &asked.to_string())]), &client);
            let code = outcome.err().map(|error| error.code);
            assert_eq!(code, (registered != asked).then_some(Code::UnauthorizedClient));
        }
    }
    let mut client = web();
    client.grant_types.remove(&GrantType::Implicit);
    assert!(validate(&ask(&[("response_type", "code token")]), &client).is_err());
    assert!(validate(&ask(&[]), &client).is_ok());
}

// PK2
#[test]
fn pkce_is_needed_where_a_code_could_be_stolen_or_where_it_is_configured() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let refused = |client: &Client| validate(&ask(&without), client).is_err();
    assert!(!refused(&web()));
    assert!(refused(&spa()));
    assert!(refused(&Client { require_pkce: true, ..web() }));

    let for_everyone = Policy { require_pkce: true, ..policy() };
    let parameters = ask(&without);
    let endpoint = endpoint(&parameters, &web()).unwrap();
    assert!(Request::validate(&endpoint, &parameters, &web(), &for_everyone, ID, NOW).is_err());
    let implicit = [("response_type", "id_token"), without[0], without[1]];
    assert!(validate(&ask(&implicit), &spa()).is_ok());
}

#[test]
fn a_private_use_scheme_needs_pkce_and_never_gets_front_channel_tokens() {
    let mut client = Client {
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        response_types: ResponseType::ALL.into(),
        ..native()
    };
    client.grant_types.insert(GrantType::Implicit);
    let to = ("redirect_uri", "com.example.tool:/cb");
    let without = [to, ("code_challenge", ""), ("code_challenge_method", "")];
    assert!(validate(&ask(&without), &client).is_err());
    for response_type in ResponseType::ALL {
        let changes = [to, ("response_type", &*response_type.to_string())];
        let outcome = validate(&ask(&changes), &client);
        assert_eq!(outcome.is_err(), response_type.is_front_channel(), "{response_type}");
    }
}

#[test]
fn no_form_is_posted_to_a_private_use_scheme() {
    let app = ("redirect_uri", "com.example.tool:/cb");
    let form_post = ("response_mode", "form_post");
    let refused = validate(&ask(&[app, form_post]), &native()).err().unwrap();
    assert_eq!(refused.code, Code::InvalidRequest);
    assert!(refused.description.contains("response_mode form_post"), "{refused}");
    for mode in ["query", "fragment"] {
        assert!(validate(&ask(&[app, ("response_mode", mode)]), &native()).is_ok(), "{mode}");
    }
    let loopback = ("redirect_uri", "http://127.0.0.1:51004/cb");
    assert!(validate(&ask(&[loopback, form_post]), &native()).is_ok());
}

#[test]
fn plain_pkce_is_a_matter_of_configuration() {
    let parameters = ask(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")]);
    let endpoint = endpoint(&parameters, &web()).unwrap();
    let lenient = Policy { plain_pkce: true, ..policy() };
    assert!(Request::validate(&endpoint, &parameters, &web(), &lenient, ID, NOW).is_ok());
    assert!(Request::validate(&endpoint, &parameters, &web(), &policy(), ID, NOW).is_err());
    assert_ne!(VERIFIER, CHALLENGE);
}

/// The scope that a request may be granted.
fn narrowed(changes: &[(&str, &str)], client: &Client) -> String {
    validate(&ask(changes), client).unwrap().scope().to_string()
}

#[test]
fn the_scope_is_narrowed_to_what_server_and_client_allow() {
    for (asked, granted) in [
        ("openid profile", "openid profile"),
        // Allowed to the server, not to the client; and the other way round.
        ("openid phone", "openid"),
        ("openid internal", "openid"),
        ("profile", "profile"),
        ("", ""),
    ] {
        let client = Client { scope: scope("openid profile internal"), ..web() };
        assert_eq!(narrowed(&[("scope", asked)], &client), granted, "{asked}");
    }
    let without_openid = Client { scope: scope("profile"), ..web() };
    let error = validate(&ask(&[]), &without_openid).err().unwrap();
    assert_eq!(error.code, Code::InvalidScope);
}

#[test]
fn commas_separate_scopes_only_where_the_client_is_configured_so() {
    let client = Client { scope_delimiter: Delimiter::Comma, ..web() };
    assert_eq!(narrowed(&[("scope", "openid,profile")], &client), "openid profile");
    assert_eq!(narrowed(&[("scope", "openid profile,email")], &web()), "openid");
}

#[test]
fn no_claim_can_be_asked_for_that_no_scope_of_the_client_stands_for() {
    let asked = r#"{
        "userinfo": {"email": {"essential": true}, "groups": null, "phone_number": null},
        "id_token": {"groups": null, "phone": null, "sub": {"value": "alice"}, "acr": {"essential": true}}
    }"#;
    for (registered, names) in [
        ("openid", ""),
        ("openid email", "email"),
        ("openid groups", "groups groups"),
        ("openid email phone groups", "email groups phone_number groups"),
        // Allowed to the client, not to the server.
        ("openid internal", ""),
    ] {
        let client = Client { scope: scope(registered), trusted: true, ..web() };
        let request = validate(&ask(&[("scope", "openid"), ("claims", asked)]), &client).unwrap();
        assert_eq!(request.claims().names().collect::<Vec<_>>().join(" "), names, "{registered}");
        // What is said of the login and the token is anybody's to ask.
        assert!(!request.claims().admits_subject("bob"));
        assert!(request.claims().id_token["acr"].essential);
    }
}

#[test]
fn offline_access_needs_a_code_and_consent() {
    let wish = ("scope", "openid offline_access");
    let consent = ("prompt", "consent");
    let trusted = Client { trusted: true, ..web() };
    let mut without_grant = web();
    without_grant.grant_types.remove(&GrantType::RefreshToken);
    for (changes, client, granted) in [
        (vec![wish, consent], web(), true),
        (vec![wish, consent, ("response_type", "code id_token token")], web(), true),
        (vec![wish, ("prompt", "login consent")], web(), true),
        (vec![wish], trusted.clone(), true),
        (vec![wish], web(), false),
        (vec![wish, ("prompt", "login")], web(), false),
        (vec![wish, consent, ("response_type", "id_token token")], web(), false),
        (vec![wish, ("response_type", "token")], trusted, false),
        (vec![wish, consent], without_grant, false),
    ] {
        let request = validate(&ask(&changes), &client).unwrap();
        assert_eq!(request.scope().contains(scope::OFFLINE_ACCESS), granted, "{changes:?}");
        let differs = request.differing(request.scope()).is_some();
        assert_eq!(differs, !granted, "{changes:?}");
    }
}

#[test]
fn the_request_keeps_what_the_answer_will_need() {
    let request = validate(
        &ask(&[
            ("response_type", "id_token code"),
            ("id_token_hint", "token"),
            ("login_hint", "alice"),
            ("claims", r#"{"id_token": {"email": null}}"#),
        ]),
        &web(),
    )
    .unwrap();
    assert_eq!(request.id(), ID);
    assert_eq!(request.response_type().to_string(), "code id_token");
    assert_eq!(request.nonce(), Some("n-0S6_WzA2Mj"));
    assert_eq!(request.id_token_hint(), Some("token"));
    assert_eq!(request.login_hint(), Some("alice"));
    assert!(request.challenge().is_some_and(|challenge| challenge.is_met_by(VERIFIER)));
    assert_eq!(request.claims().names().collect::<Vec<_>>(), ["email"]);

    let endpoint = endpoint(&ask(&[]), &web()).unwrap();
    let session = samples::session("alice");
    let code = crate::protocol::code::Code::new(
        &request,
        "app",
        &endpoint,
        &session,
        request.scope(),
        "g".to_owned(),
    );
    assert_eq!(code.redirect_uri.as_deref(), Some(CALLBACK));
    assert_eq!(code.authentication, session.authentication);
    let sealed = serde_json::to_string(&code).unwrap();
    assert_eq!(serde_json::from_str::<crate::protocol::code::Code>(&sealed).unwrap(), code);
}

// DO1
#[test]
fn parameters_of_four_kibibytes_pass_and_no_more() {
    let used: usize = ask(&[]).iter().map(|(name, value)| name.len() + value.len()).sum();
    let filling = "x".repeat(LIMIT - used - "login_hint".len());
    assert_eq!(refusal(&[("login_hint", &filling)]), None);
    let error = validate(&ask(&[("login_hint", &format!("{filling}x"))]), &web()).err().unwrap();
    assert!(error.description.contains("login_hint"), "{error}");
}
