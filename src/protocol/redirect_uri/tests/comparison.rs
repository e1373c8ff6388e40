//! Which presented URI is the registered one.

use super::*;

#[test]
fn the_registered_uri_itself_is_accepted() {
    for uri in [
        "https://app.example/cb",
        "https://app.example",
        "https://app.example:8443/cb?tenant=7",
        "http://127.0.0.1:3000/cb",
        "http://localhost/cb",
    ] {
        assert_eq!(validate(uri, ApplicationType::Web), Ok(()), "{uri}");
        assert!(is_accepted(uri, uri, ApplicationType::Web), "{uri}");
        assert!(is_accepted(uri, uri, ApplicationType::Native), "{uri}");
    }
}

// RU1, RU2
#[test]
fn whatever_only_resembles_the_registered_uri_is_refused() {
    let near = [
        // Letter case.
        "https://app.example/CB",
        "https://app.example/Cb",
        "https://APP.example/cb",
        "https://app.Example/cb",
        "HTTPS://app.example/cb",
        "Https://app.example/cb",
        // Scheme.
        "http://app.example/cb",
        "//app.example/cb",
        "app.example/cb",
        "/cb",
        "https:app.example/cb",
        "https:/app.example/cb",
        "https:///app.example/cb",
        "https:\\\\app.example\\cb",
        "ftp://app.example/cb",
        "view-source:https://app.example/cb",
        "blob:https://app.example/cb",
        // Slashes.
        "https://app.example/cb/",
        "https://app.example//cb",
        "https://app.example/cb//",
        "https://app.example",
        "https://app.example/",
        "https://app.example\\cb",
        "https://app.example/\\cb",
        "https://app.example/cb\\",
        // Port.
        "https://app.example:443/cb",
        "https://app.example:/cb",
        "https://app.example:0443/cb",
        "https://app.example:8443/cb",
        // User information.
        "https://user@app.example/cb",
        "https://user:secret@app.example/cb",
        "https://@app.example/cb",
        "https://:@app.example/cb",
        "https://app.example@evil.example/cb",
        "https://app.example:443@evil.example/cb",
        "https://app.example%40evil.example/cb",
        "https://evil.example#@app.example/cb",
        "https://evil.example\\@app.example/cb",
        "https://evil.example?@app.example/cb",
        // Host.
        "https://app.example./cb",
        "https://app.example.evil.example/cb",
        "https://evilapp.example/cb",
        "https://evil.app.example/cb",
        "https://app-example/cb",
        "https://example/cb",
        "https://app.examplе/cb",
        "https://xn--app-5cd.example/cb",
        "https://app。example/cb",
        "https://app%2eexample/cb",
        "https://app%2Eexample/cb",
        "https://%61pp.example/cb",
        "https://app.example%00.evil.example/cb",
        "https://app.example\u{ad}/cb",
        "https://evil.example/https://app.example/cb",
        "https://[::1]/cb",
        // Encoded octets in the path.
        "https://app.example/%63b",
        "https://app.example/c%62",
        "https://app.example/%43%42",
        "https://app.example%2fcb",
        "https://app.example/%2fcb",
        "https://app.example/cb%2f",
        "https://app.example/cb%20",
        "https://app.example/cb%00",
        "https://app.example/cb%23",
        "https://app.example/cb%3fx=1",
        "https://app.example/cb%",
        // Dot segments and path parameters (RU2).
        "https://app.example/./cb",
        "https://app.example/cb/.",
        "https://app.example/x/../cb",
        "https://app.example/cb/..",
        "https://app.example/cb/../evil",
        "https://app.example/cb/%2e%2e/evil",
        "https://app.example/cb/%2E%2E/evil",
        "https://app.example/cb/.%2e/evil",
        "https://app.example/cb/%252e%252e/evil",
        "https://app.example/cb/..%2fevil",
        "https://app.example/cb/..%5cevil",
        "https://app.example/cb/..\\evil",
        "https://app.example/cb/..;/evil",
        "https://app.example/cb;x",
        "https://app.example/cb;x=1",
        "https://app.example;/cb",
        "https://app.example/cb/evil",
        // Query and fragment.
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb?code=stolen",
        "https://app.example/cb&x=1",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/cb#https://evil.example",
        // Characters that some parser drops.
        " https://app.example/cb",
        "https://app.example/cb ",
        "https://app.example/cb\t",
        "https://app.example/c\tb",
        "ht\ttps://app.example/cb",
        "https://app.example/cb\n",
        "https://app.example/cb\r\nLocation: https://evil.example",
        "\u{1}https://app.example/cb",
        "https://app.example/cb\0",
        "\u{feff}https://app.example/cb",
        // More than one.
        "https://app.example/cb https://evil.example",
        "https://app.example/cb,https://evil.example",
        "https://app.example/*",
        "*",
    ];
    assert!(near.len() > 80);
    for presented in near {
        for application_type in [ApplicationType::Web, ApplicationType::Native] {
            let accepted = is_accepted("https://app.example/cb", presented, application_type);
            assert!(!accepted, "{presented:?}");
        }
    }
}

// RU1
#[test]
fn the_query_of_a_registered_uri_belongs_to_it() {
    for presented in [
        "https://app.example/cb",
        "https://app.example/cb?",
        "https://app.example/cb?foo=baz",
        "https://app.example/cb?foo=bar&x=1",
        "https://app.example/cb?foo=bar&",
        "https://app.example/cb?&foo=bar",
        "https://app.example/cb?FOO=bar",
        "https://app.example/cb?foo=bar#",
        "https://app.example/cb?foo=%62ar",
        "https://app.example/cb?foo=bar;code=x",
    ] {
        let registration = "https://app.example/cb?foo=bar";
        assert!(!is_accepted(registration, presented, ApplicationType::Web), "{presented}");
    }
}

// RU3
#[test]
fn only_the_port_of_a_loopback_address_may_differ_and_only_for_native_applications() {
    for (registration, presented) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1", "http://127.0.0.1:65535"),
        ("http://127.0.0.1/cb?x=1", "http://127.0.0.1:1/cb?x=1"),
        ("http://[::1]/cb", "http://[::1]:51004/cb"),
    ] {
        assert!(is_accepted(registration, presented, ApplicationType::Native), "{presented}");
        assert!(!is_accepted(registration, presented, ApplicationType::Web), "{presented}");
    }
}

// RU3
#[test]
fn nothing_else_of_a_loopback_address_may_differ() {
    for presented in [
        "http://127.0.0.1:51004/",
        "http://127.0.0.1:51004",
        "http://127.0.0.1:51004/cb/",
        "http://127.0.0.1:51004/CB",
        "http://127.0.0.1:51004/cb?x=1",
        "http://127.0.0.1:51004/cb?",
        "http://127.0.0.1:51004/cb#x",
        "http://127.0.0.1:51004/x/../cb",
        "https://127.0.0.1:51004/cb",
        "HTTP://127.0.0.1:51004/cb",
        "http://localhost:51004/cb",
        "http://localhost/cb",
        "http://[::1]:51004/cb",
        "http://127.0.0.2/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://0x7f000001/cb",
        "http://0177.0.0.1/cb",
        "http://127.0.0.1./cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1:80\\@evil.example/cb",
        "http://127.0.0.1:80#@evil.example/cb",
        "http://127.0.0.1:80?@evil.example/cb",
        "http://user@127.0.0.1:80/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:99999999999999999999/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:+80/cb",
        "http://127.0.0.1: 80/cb",
        "http://127.0.0.1:８０/cb",
        "http://127.0.0.1:80:81/cb",
        "http://127.0.0.1:80cb",
        "http://127.0.0.1:80%2fcb",
    ] {
        let accepted = is_accepted("http://127.0.0.1/cb", presented, ApplicationType::Native);
        assert!(!accepted, "{presented:?}");
    }
}

// RU3
#[test]
fn the_port_of_localhost_and_of_other_hosts_is_fixed() {
    for (registration, presented) in [
        ("http://localhost/cb", "http://localhost:51004/cb"),
        ("http://127.0.0.2/cb", "http://127.0.0.2:51004/cb"),
        ("https://127.0.0.1/cb", "https://127.0.0.1:51004/cb"),
        ("https://app.example/cb", "https://app.example:51004/cb"),
    ] {
        assert!(!is_accepted(registration, presented, ApplicationType::Native), "{presented}");
    }
}

// RU6
#[test]
fn a_dot_in_a_registered_host_is_a_dot() {
    for presented in
        ["https://appxexample/cb", "https://app-example/cb", "https://app%2eexample/cb"]
    {
        assert!(!is_accepted("https://app.example/cb", presented, ApplicationType::Web));
    }
}
