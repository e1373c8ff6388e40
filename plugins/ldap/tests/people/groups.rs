//! Groups of OpenLDAP: by `memberOf`, by search, in each other and in a ring.

use serde_json::json;
use vestibule_counterparts::{Setup, Slapd};
use vestibule_plugin::{Backend, Refusal};

use crate::open::{log_in, look_up, slapd, slapd_with, texts};

#[tokio::test]
async fn groups_are_those_that_the_entry_names() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "groups": "member-of" }));
    let groups = log_in(&backend, "alice").await.unwrap();
    assert_eq!(texts(&groups, "groups"), ["R&D (core)*, Berlin", "inner", "staff"]);
    assert_eq!(texts(&log_in(&backend, "nora").await.unwrap(), "groups"), [""; 0]);
    let dns = slapd(
        &server,
        json!({ "groups": "member-of", "group_names": "dn", "group_pattern": "cn=s*" }),
    );
    let groups = log_in(&dns, "tessa").await.unwrap();
    assert_eq!(texts(&groups, "groups"), ["cn=staff,ou=groups,dc=example,dc=test"]);
}

#[tokio::test]
async fn groups_of_every_kind_are_found_by_their_members() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "groups": "search" }));
    let alice = log_in(&backend, "alice").await.unwrap();
    // By `member`, by `uniqueMember` and by `memberUid`.
    assert_eq!(texts(&alice, "groups"), ["R&D (core)*, Berlin", "club", "inner", "staff", "unix"]);
    // The name of the entry needs escaping in a filter.
    assert_eq!(texts(&log_in(&backend, "jsmith").await.unwrap(), "groups"), ["staff"]);
    assert_eq!(look_up(&backend, &alice.subject).await.unwrap(), alice);
    let posix = slapd(&server, json!({ "groups": "search", "group_filter": "(gidNumber=2000)" }));
    assert_eq!(texts(&log_in(&posix, "alice").await.unwrap(), "groups"), ["unix"]);
}

#[tokio::test]
async fn groups_of_groups_count_if_they_shall() {
    let server = Slapd::start().await;
    for source in ["member-of", "search"] {
        let backend = slapd(&server, json!({ "groups": source, "nested_groups": true }));
        let alice = log_in(&backend, "alice").await.unwrap();
        let groups = texts(&alice, "groups");
        assert!(
            ["inner", "middle", "outer"].iter().all(|group| groups.contains(group)),
            "{groups:?}"
        );
        let shallow = json!({ "groups": source, "nested_groups": true, "group_depth": 1 });
        let alice = log_in(&slapd(&server, shallow), "alice").await.unwrap();
        let groups = texts(&alice, "groups");
        assert!(groups.contains(&"middle") && !groups.contains(&"outer"), "{groups:?}");
    }
}

#[tokio::test]
async fn a_ring_of_groups_ends() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "groups": "search", "nested_groups": true }));
    let carol = log_in(&backend, "carol").await.unwrap();
    assert_eq!(texts(&carol, "groups"), ["ring-a", "ring-b"]);
}

#[tokio::test]
async fn each_level_of_groups_is_one_search() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "groups": "search", "nested_groups": true }));
    log_in(&backend, "alice").await.unwrap();
    server.forget_log();
    log_in(&backend, "alice").await.unwrap();
    // The person; the groups; those of five groups; of middle; of outer, which is in none.
    assert_eq!(server.filters().len(), 5, "{:?}", server.filters());
}

#[tokio::test]
async fn too_many_groups_are_a_fault_and_not_a_part_of_them() {
    let group = |number: usize| {
        format!(
            "dn: cn=g{number},ou=groups,dc=example,dc=test\nobjectClass: groupOfNames\ncn: g{number}\nmember: uid=nora,ou=people,dc=example,dc=test\n\n"
        )
    };
    let groups: String = (0..1000).map(group).collect();
    let server = Slapd::with(Setup::default().entries(&groups)).await;
    let backend = slapd(&server, json!({ "groups": "search" }));
    let answer = log_in(&backend, "nora").await;
    let Err(Refusal::Unavailable(fault)) = answer else { panic!("{answer:?}") };
    assert!(fault.to_string().contains("more than 999 entries"), "{fault}");
}

#[tokio::test]
async fn groups_are_not_searched_for_nobody() {
    let server = Slapd::start().await;
    let backend = slapd_with(&server, json!({ "groups": "search" }), &["mail"]);
    log_in(&backend, "alice").await.unwrap();
    assert!(server.filters().iter().all(|filter| !filter.contains("member")));
}

#[tokio::test]
async fn groups_are_searched_for_in_the_whole_tree() {
    let server = Slapd::start().await;
    let backend = slapd(&server, json!({ "groups": "search", "group_base": null }));
    let carol = log_in(&backend, "carol").await.unwrap();
    assert_eq!(texts(&carol, "groups"), ["ring-a"]);
}

// RT4
#[tokio::test]
async fn whoever_is_not_in_the_required_group_is_out() {
    let server = Slapd::start().await;
    for (source, required) in
        [("member-of", "staff"), ("search", "cn=staff,ou=groups,dc=example,dc=test")]
    {
        let options = json!({ "groups": source, "required_group": required });
        let backend = slapd_with(&server, options, &["mail"]);
        let tessa = log_in(&backend, "tessa").await.unwrap();
        assert_eq!(texts(&tessa, "groups"), [""; 0]);
        let answer = log_in(&backend, "nora").await;
        assert!(
            matches!(answer, Err(Refusal::Disabled { proved: true, subject: Some(_) })),
            "{answer:?}"
        );
        // Taken out of the group, and back in: a look-up knows at once.
        let group = "dn: cn=staff,ou=groups,dc=example,dc=test\nchangetype: modify\n";
        let member = "member: uid=tessa,ou=people,dc=example,dc=test\n";
        server.change(&format!("{group}delete: member\n{member}")).await;
        let answer = look_up(&backend, &tessa.subject).await;
        assert!(
            matches!(answer, Err(Refusal::Disabled { proved: false, subject: Some(_) })),
            "{answer:?}"
        );
        server.change(&format!("{group}add: member\n{member}")).await;
        assert_eq!(look_up(&backend, &tessa.subject).await.unwrap(), tessa);
    }
}

#[tokio::test]
async fn a_required_group_may_lie_in_between() {
    let server = Slapd::start().await;
    let options = json!({ "groups": "search", "nested_groups": true, "required_group": "outer" });
    let backend = slapd(&server, options);
    assert!(log_in(&backend, "alice").await.is_ok());
    let answer = log_in(&backend, "bob").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, .. })), "{answer:?}");
    assert!(backend.health().await.is_ok());
}
