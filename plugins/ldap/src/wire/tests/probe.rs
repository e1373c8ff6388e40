//! What an administrator is shown.

use vestibule_counterparts::{Authority, Folder};
use vestibule_plugin::{Outcome, Step};

use super::*;

fn told(steps: &[Step]) -> Vec<(&str, bool)> {
    steps.iter().map(|step| (step.name.as_str(), step.outcome == Outcome::Passed)).collect()
}

fn fact<'a>(steps: &'a [Step], step: &str, fact: &str) -> &'a str {
    let step = steps.iter().find(|one| one.name == step).unwrap();
    &step.facts.iter().find(|(name, _)| name == fact).unwrap_or_else(|| panic!("{step:?}")).1
}

/// Why the last step failed.
fn failure(steps: &[Step]) -> (&str, &str) {
    let last = steps.last().unwrap();
    let Outcome::Failed(cause) = &last.outcome else { panic!("{last:?}") };
    (&last.name, cause)
}

#[tokio::test]
async fn a_connection_is_rehearsed_step_by_step() {
    let slapd = Slapd::start().await;
    for (url, asked) in [(slapd.url(), "StartTLS"), (slapd.tls_url(), "TLS from the first byte")] {
        let url = url.replace("127.0.0.1", "localhost");
        let wire = open(json!({ "url": url, "ca": slapd.ca_file() })).unwrap();
        let (steps, bound) = wire.rehearse().await;
        assert_eq!(
            told(&steps),
            [("DNS", true), ("TCP", true), ("TLS", true), ("bind", true)],
            "{steps:#?}"
        );
        assert!(fact(&steps, "TCP", "connected to").starts_with("127.0.0.1:"));
        assert_eq!(fact(&steps, "TLS", "asked for"), asked);
        assert_eq!(fact(&steps, "TLS", "version"), "TLSv1_3");
        assert!(fact(&steps, "TLS", "cipher").starts_with("TLS13_"));
        assert_eq!(fact(&steps, "TLS", "checked against"), "localhost");
        assert_eq!(fact(&steps, "TLS", "names"), "ldap.test, localhost, 127.0.0.1");
        assert!(fact(&steps, "TLS", "issuer").contains("Counterparts"));
        assert_eq!(fact(&steps, "bind", "as"), Slapd::SERVICE_DN);
        assert!(!format!("{steps:?}").contains(Slapd::SERVICE_PASSWORD));
        // The rehearsal goes on from here.
        let mut bound = bound.unwrap();
        let people = Search {
            base: "ou=people,dc=example,dc=test",
            scope: Scope::Subtree,
            filter: "(uid=alice)",
            attributes: &["cn"],
            limit: 2,
        };
        assert_eq!(bound.search(&people).await.unwrap().len(), 1);
        let password = Password::parse(password_of("alice")).unwrap();
        assert_eq!(bound.bind(&slapd.dn("alice"), &password).await.unwrap().code, 0);
    }
}

#[tokio::test]
async fn a_certificate_that_is_refused_is_shown_all_the_same() {
    let slapd = Slapd::start().await;
    let folder = Folder::new();
    let other = folder.write("other.crt", &Authority::new("Other").pem());
    let wire = open(json!({ "url": slapd.url(), "ca": other })).unwrap();
    let (steps, bound) = wire.rehearse().await;
    assert!(bound.is_none());
    let (step, cause) = failure(&steps);
    assert!(step == "TLS" && cause.contains("a CA that is not trusted"), "{cause}");
    assert!(fact(&steps, "TLS", "issuer").contains("Counterparts"));
    assert!(fact(&steps, "TLS", "names").contains("ldap.test"));
}

#[tokio::test]
async fn the_step_that_fails_is_the_last_and_says_why() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    proxy.freeze();
    let frozen = through(&proxy);
    let plain =
        |url: &str| json!({ "url": url, "security": "plaintext", "connect_timeout": "300ms" });
    let mut refused = plain(&slapd.url());
    refused["bind_password"] = json!("canary-83");
    let cases = [
        (plain("ldap://no-such-host.invalid"), "DNS", "cannot be resolved"),
        (plain("ldap://127.0.0.1:1"), "TCP", "refused"),
        (plain(&frozen), "bind", "no answer within 300ms"),
        (
            json!({ "url": frozen, "ca": slapd.ca_file(), "connect_timeout": "300ms" }),
            "TLS",
            "no answer",
        ),
        (refused, "bind", "check `bind_dn` and `bind_password`"),
    ];
    for (options, step, words) in cases {
        let (steps, bound) = open(options).unwrap().rehearse().await;
        assert!(bound.is_none());
        let (failed, cause) = failure(&steps);
        assert!(failed == step && cause.contains(words), "{failed}: {cause}");
        assert!(!format!("{steps:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_connection_in_the_open_works_and_is_doubtful() {
    let slapd = Slapd::start().await;
    let wire = plain(&["ldap://127.0.0.1:1".to_owned(), slapd.url()]);
    let (steps, bound) = wire.rehearse().await;
    assert!(bound.is_some(), "the second host is tried, as a login would");
    let expected = [
        ("DNS", true),
        ("TCP", false),
        ("DNS", true),
        ("TCP", true),
        ("TLS", false),
        ("bind", true),
    ];
    assert_eq!(told(&steps), expected);
    assert!(matches!(&steps[4].outcome, Outcome::Doubtful(why) if why.contains("reads passwords")));
}

#[tokio::test]
async fn every_host_is_asked_at_once() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.address()).await;
    proxy.freeze();
    let urls = [slapd.url(), "ldap://127.0.0.1:1".to_owned(), through(&proxy)];
    let wire = plain(&urls);
    let begin = Instant::now();
    let probes = wire.probe().await;
    assert!(begin.elapsed() < Duration::from_millis(700), "{:?}", begin.elapsed());
    let hosts: Vec<&str> = probes.iter().map(|probe| probe.host.as_str()).collect();
    assert_eq!(hosts, urls.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(probes[0].outcome.as_ref().unwrap().contains("dc=example,dc=test"), "{probes:?}");
    assert!(probes[1].outcome.as_ref().unwrap_err().contains("refused"), "{probes:?}");
    assert!(
        probes[2].outcome.as_ref().unwrap_err().contains("no connection within 300ms"),
        "{probes:?}"
    );
    assert!(is_down(&wire, 1) && is_down(&wire, 2), "what was found out is remembered");
}
