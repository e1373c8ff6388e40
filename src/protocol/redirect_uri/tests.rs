mod comparison;

use super::*;
use crate::protocol::samples::{ISSUER, ask, native, web};
use crate::protocol::{Client, redirection_endpoint::RedirectionEndpoint};

fn registered(uri: &str, application_type: ApplicationType) -> Client {
    let mut client = match application_type {
        ApplicationType::Web => web(),
        ApplicationType::Native => native(),
    };
    client.redirect_uris = vec![uri.to_owned()];
    client
}

/// Whether the endpoint goes there for a client with exactly this registration.
fn is_accepted(registration: &str, presented: &str, application_type: ApplicationType) -> bool {
    let client = registered(registration, application_type);
    RedirectionEndpoint::verify(&ask(&[("redirect_uri", presented)]), &client, ISSUER).is_ok()
}

// RU4
#[test]
fn wildcards_cannot_be_registered() {
    for uri in [
        "*",
        "https://*",
        "https://*.example/cb",
        "https://app.example*/cb",
        "https://app.example/*",
        "https://app.example/cb*",
        "https://app.example/cb?*",
        "https://app.example:*/cb",
        "*://app.example/cb",
    ] {
        let error = validate(uri, ApplicationType::Native).unwrap_err();
        assert_eq!(error.code, Code::InvalidRedirectUri, "{uri}");
        assert!(error.description.contains("wildcards"), "{error}");
    }
}

// RU5
#[test]
fn a_scheme_that_runs_or_shows_something_is_refused_at_registration_and_at_use() {
    for uri in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "javascript://app.example/%0aalert(1)",
        " javascript:alert(1)",
        "\tjavascript:alert(1)",
        "\u{1}javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "DATA:text/html;base64,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "view-source:https://app.example",
        "filesystem:https://app.example/x",
        "intent://app.example#Intent;end",
        "ws://app.example/cb",
        "ftp://app.example/cb",
        "urn:ietf:wg:oauth:2.0:oob",
        "myapp:/cb",
        "MyApp.example:/cb",
        "COM.example.tool:/cb",
        "1.2:/cb",
        ".com:/cb",
        "HTTPS://app.example/cb",
        "https:app.example/cb",
        "",
        ":",
        "cb",
    ] {
        for application_type in [ApplicationType::Web, ApplicationType::Native] {
            let error = validate(uri, application_type).unwrap_err();
            assert_eq!(error.code, Code::InvalidRedirectUri, "{uri:?}");
            assert!(!is_accepted(uri, uri, application_type), "{uri:?}");
        }
    }
    let private_use = "com.example.tool:/cb";
    assert!(validate(private_use, ApplicationType::Web).is_err());
    assert!(!is_accepted(private_use, private_use, ApplicationType::Web));
    assert!(validate(private_use, ApplicationType::Native).is_ok());
    assert!(is_accepted(private_use, private_use, ApplicationType::Native));
}

// RU5
#[test]
fn the_only_registered_uri_is_held_to_its_scheme_as_well_when_none_is_presented() {
    let client = registered("javascript:alert(1)", ApplicationType::Web);
    let parameters = ask(&[("redirect_uri", ""), ("scope", "profile")]);
    assert!(RedirectionEndpoint::verify(&parameters, &client, ISSUER).is_err());
}

// RU7
#[test]
fn a_registered_query_holds_nothing_that_the_answer_adds() {
    for name in RESPONSE_PARAMETERS {
        for uri in [
            format!("https://app.example/cb?{name}=x"),
            format!("https://app.example/cb?a=b&{name}"),
            format!("https://app.example/cb?%{:02x}{}=x", name.as_bytes()[0], &name[1..]),
        ] {
            assert!(validate(&uri, ApplicationType::Web).is_err(), "{uri}");
        }
    }
    assert!(validate("https://app.example/cb?tenant=code", ApplicationType::Web).is_ok());
}

#[test]
fn what_two_parsers_may_read_differently_cannot_be_registered() {
    for uri in [
        "http://app.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://localhost.evil.example/cb",
        "http://evil.localhost/cb",
        "http://2130706433/cb",
        "http://127.1/cb",
        "http://0x7f.1/cb",
        "https://APP.example/cb",
        "https://%61pp.example/cb",
        "https:///app.example/cb",
        "https:////app.example/cb",
        "https://app.example:0443/cb",
        "https://app.example:/cb",
        "https://user@app.example/cb",
        "https://@app.example/cb",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/c b",
        "https://app.example/c%b",
        "https://app.example/cb%",
        "https://app.example/cb?%4",
        "https://app.example/ü",
        "https://ü.example/cb",
        "https://app.example/c\\b",
        "https://app.example/{id}",
        "https://app.example/a|b",
        "https://app.example/<b>",
        "https://app.example/\"",
        "https://app.example/.",
        "https://app.example/..",
        "https://app.example/../cb",
        "https://app.example/%2e%2e/cb",
        "https://app.example/%252e%252e/cb",
        "https://app.example/%25252e%25252e/cb",
        "https://app.example/..;/cb",
        "https://app.example/..%3b/cb",
        "https://app.example/.;x/cb",
        "https://app.example/a%2fb",
        "https://app.example/a%5Cb",
        "https://app.example/a%252fb",
        "com.example.tool:/../cb",
        "com.example.tool://user@host/cb",
    ] {
        assert!(validate(uri, ApplicationType::Native).is_err(), "{uri:?}");
    }
    let long = format!("https://app.example/{}", "x".repeat(2000));
    assert!(validate(&long, ApplicationType::Web).is_err());
}

#[test]
fn what_real_applications_use_can_be_registered() {
    for uri in [
        "https://app.example",
        "https://app.example/",
        "https://app.example:443/cb",
        "https://xn--bcher-kva.example/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://app.example/a/b.c/~d/e%20f",
        "https://app.example//cb",
        "https://app.example/...",
        "https://app.example/cb?tenant=7&next=%2Fhome",
        "https://app.example/index.php?option=oidc",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/",
        "com.example.tool:/cb",
        "com.example.tool://cb",
        "com.example.tool:/oauth2redirect/example-provider",
    ] {
        assert_eq!(validate(uri, ApplicationType::Native), Ok(()), "{uri}");
    }
}
