//! What an administrator is shown.

use serde_json::json;
use vestibule_counterparts::{Dirsrv, Samba, Slapd, password_of};
use vestibule_ldap::Ldap;
use vestibule_plugin::{Backend, Outcome, Refusal, Rehearsed, Step, Username};

use crate::open::{dirsrv, log_in, password, samba, slapd, slapd_with};

pub(crate) async fn rehearse(backend: &Ldap, name: &str, secret: Option<&str>) -> Rehearsed {
    let secret = secret.map(password);
    let username = Username::parse(name).unwrap();
    backend.rehearsal().unwrap().rehearse(&username, secret.as_ref()).await
}

pub(crate) fn step<'a>(steps: &'a [Step], name: &str) -> &'a Step {
    steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("{name}: {steps:#?}"))
}

pub(crate) fn fact<'a>(step: &'a Step, name: &str) -> &'a str {
    let fact = step.facts.iter().find(|(fact, _)| fact == name);
    &fact.unwrap_or_else(|| panic!("{name}: {step:#?}")).1
}

fn names(steps: &[Step]) -> Vec<&str> {
    steps.iter().map(|step| step.name.as_str()).collect()
}

#[tokio::test]
async fn a_rehearsal_tells_each_step_of_a_login() {
    let server = Slapd::start().await;
    let options = json!({ "groups": "search", "nested_groups": true });
    let backend = slapd_with(&server, options, &["mail", "jpegPhoto", "title", "groups"]);
    let rehearsed = rehearse(&backend, "alice", Some(&password_of("alice"))).await;
    let steps = &rehearsed.steps;
    assert_eq!(
        names(steps),
        ["DNS", "TCP", "TLS", "bind", "root DSE", "search", "entry", "groups", "login"]
    );
    assert_eq!(fact(step(steps, "root DSE"), "kind"), "OpenLDAP");
    assert_eq!(fact(step(steps, "root DSE"), "subject"), "entryUUID");
    let search = step(steps, "search");
    assert_eq!(fact(search, "filter"), "(uid=alice)");
    assert_eq!(fact(search, "found"), "1");
    let entry = step(steps, "entry");
    assert_eq!(fact(entry, "mail"), "alice@example.test");
    assert_eq!(fact(entry, "jpegPhoto"), "22 bytes");
    assert!(matches!(&entry.outcome, Outcome::Doubtful(why) if why.contains("title")), "{entry:?}");
    let tree = fact(step(steps, "groups"), "tree");
    assert!(tree.contains("inner\n  middle\n    outer\n"), "{tree}");
    let login = step(steps, "login");
    assert_eq!(fact(login, "result"), "0");
    assert_eq!(login.outcome, Outcome::Passed);
    // What is rehearsed is what happens.
    assert_eq!(rehearsed.outcome.unwrap(), log_in(&backend, "alice").await.unwrap());
}

#[tokio::test]
async fn a_refusal_is_told_in_numbers_and_in_words() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    for (name, code, words) in [
        ("locked", "49", "the account is locked"),
        ("expired", "49", "must be changed"),
        ("must-change", "0", "must be changed"),
    ] {
        let rehearsed = rehearse(&backend, name, Some(&password_of(name))).await;
        let login = step(&rehearsed.steps, "login");
        assert_eq!(fact(login, "result"), code, "{name}");
        assert!(fact(login, "meaning").contains(words), "{name}: {login:?}");
        assert!(matches!(login.outcome, Outcome::Failed(_)), "{name}: {login:?}");
        assert!(rehearsed.outcome.is_err(), "{name}");
    }
    let rehearsed = rehearse(&backend, "grace", Some(&password_of("grace"))).await;
    assert!(matches!(step(&rehearsed.steps, "login").outcome, Outcome::Doubtful(_)));
    assert!(rehearsed.outcome.unwrap().warning.is_some());
}

#[tokio::test]
async fn without_a_password_the_state_is_that_of_a_look_up() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({}));
    let rehearsed = rehearse(&backend, "alice", None).await;
    assert_eq!(fact(step(&rehearsed.steps, "state"), "account"), "open");
    assert!(rehearsed.outcome.is_ok());
    let rehearsed = rehearse(&backend, "locked", None).await;
    assert_eq!(fact(step(&rehearsed.steps, "state"), "account"), "locked");
    assert!(matches!(rehearsed.outcome, Err(Refusal::Locked { proved: false, .. })));
    assert!(server.binds().iter().all(|dn| !dn.starts_with("uid=")), "nobody else has bound");
}

#[tokio::test]
async fn whoever_is_not_found_is_looked_for_in_the_open() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "filter": "(&(uid={username})(title=*))" }));
    let rehearsed = rehearse(&backend, "alice*", Some("x")).await;
    let search = step(&rehearsed.steps, "search");
    assert_eq!(fact(search, "filter"), r"(&(uid=alice\2a)(title=*))");
    assert_eq!(fact(search, "found"), "0");
    assert!(matches!(search.outcome, Outcome::Failed(_)));
    assert!(matches!(rehearsed.outcome, Err(Refusal::Unknown)));
}

#[tokio::test]
async fn no_step_tells_a_password() {
    let server = Slapd::start().await;
    for more in [json!({}), json!({ "bind_as": "uid={username},ou=people,dc=example,dc=test" })] {
        let backend = slapd(&server, more);
        for name in ["alice", "locked", "nobody"] {
            for secret in [password_of(name), "hunter2-Wrong".to_owned()] {
                let told = format!("{:?}", rehearse(&backend, name, Some(&secret)).await);
                assert!(
                    !told.contains(&secret) && !told.contains(Slapd::SERVICE_PASSWORD),
                    "{told}"
                );
            }
        }
        let told = format!("{:?}", backend.rehearsal().unwrap().sample().await);
        assert!(!told.contains("Passw0rd"), "{told}");
    }
}

#[tokio::test]
async fn a_template_is_rehearsed_by_a_bind() {
    let server = Slapd::start().await;
    let template = "uid={username},ou=people,dc=example,dc=test";
    let alone = json!({ "bind_as": template, "bind_dn": null, "bind_password": null });
    let backend = slapd(&server, alone);
    let rehearsed = rehearse(&backend, "alice", Some(&password_of("alice"))).await;
    let steps = &rehearsed.steps;
    assert_eq!(names(steps), ["DNS", "TCP", "TLS", "bind", "login", "root DSE", "search", "entry"]);
    assert_eq!(fact(step(steps, "login"), "as"), server.dn("alice"));
    assert!(rehearsed.outcome.is_ok(), "{rehearsed:?}");
    let rehearsed = rehearse(&backend, "alice", None).await;
    assert!(matches!(step(&rehearsed.steps, "login").outcome, Outcome::Doubtful(_)));
}

#[tokio::test]
async fn a_sample_tells_what_people_have() {
    let server = Slapd::start().await;
    let backend =
        slapd_with(&server, json!({ "groups": "member-of" }), &["mail", "title", "groups"]);
    let steps = backend.rehearsal().unwrap().sample().await;
    let names = names(&steps);
    assert_eq!(names[4..], ["root DSE", "search", "subject", "attributes", "states"]);
    assert_eq!(fact(step(&steps, "search"), "read").lines().count(), 5);
    let attributes = step(&steps, "attributes");
    assert_eq!(fact(attributes, "mail"), "5 of 5");
    assert_eq!(fact(attributes, "title"), "0 of 5");
    assert!(matches!(&attributes.outcome, Outcome::Doubtful(why) if why.contains("title")));
    assert_eq!(step(&steps, "subject").outcome, Outcome::Passed);
    // A name of everybody's is no subject.
    let backend = slapd(&server, json!({ "subject": "structuralObjectClass" }));
    let steps = backend.rehearsal().unwrap().sample().await;
    assert!(matches!(step(&steps, "subject").outcome, Outcome::Failed(_)), "{steps:#?}");
}

#[tokio::test]
async fn a_sample_is_read_from_every_kind_of_directory() {
    let (windows, red) = (Samba::shared(), Dirsrv::shared());
    for (backend, kind, state) in [
        (samba(&windows, json!({})), "Active Directory", "userAccountControl"),
        (
            dirsrv(&red, json!({ "filter": "(&(uid={username})(nsAccountLock=true))" })),
            "389 Directory Server",
            "nsAccountLock",
        ),
    ] {
        let steps = backend.rehearsal().unwrap().sample().await;
        assert_eq!(fact(step(&steps, "root DSE"), "kind"), kind);
        assert!(fact(step(&steps, "search"), "read").lines().count() <= 5, "{steps:#?}");
        assert_eq!(step(&steps, "subject").outcome, Outcome::Passed, "{steps:#?}");
        let states = step(&steps, "states");
        assert!(fact(states, "seen").contains(state), "{states:?}");
        assert!(steps.iter().all(|step| !matches!(step.outcome, Outcome::Failed(_))), "{steps:#?}");
    }
}

#[tokio::test]
async fn every_host_is_probed() {
    let server = Slapd::start().await;
    let dead = "ldap://127.0.0.1:1";
    let backend = slapd(&server, json!({ "url": [dead, server.url()] }));
    let probes = backend.rehearsal().unwrap().probe().await;
    let alive: Vec<bool> = probes.iter().map(|probe| probe.outcome.is_ok()).collect();
    assert_eq!(alive, [false, true], "{probes:?}");
}
