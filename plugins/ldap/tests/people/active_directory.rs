//! Active Directory, as Samba is one: states, groups, names, and changes of passwords.

mod direct;
mod passwords;

use serde_json::json;
use vestibule_counterparts::{Samba, password_of};
use vestibule_plugin::conformance::{Known, a_closed_account_is_refused, password_backend};
use vestibule_plugin::{Refusal, Subject};

use crate::open::{log_in, log_in_with, look_up, samba, samba_with, texts};
use crate::rehearsal::{fact, rehearse, step};

#[tokio::test]
async fn active_directory_keeps_the_contract() {
    let server = Samba::shared();
    let name = server.user("patient", &[]).await;
    // Wrong passwords would lock the account.
    let policy = format!("of-{name}");
    let pso = ["domain", "passwordsettings", "pso"];
    let create = ["create", &policy, "1", "--account-lockout-threshold=0"];
    server.tool(&[&pso[..], &create].concat()).await;
    server.tool(&[&pso[..], &["apply", &policy, &name]].concat()).await;
    let password = password_of(&name);
    let known = Known { username: &name, password: &password, attributes: &["mail", "cn"] };
    password_backend(&samba(&server, json!({})), known).await;
}

/// The subject of somebody whatever their state, by a rehearsal of nothing: their `objectGUID`.
async fn subject(server: &Samba, name: &str) -> Subject {
    let entry = server.entry(&server.dn(name)).await;
    let line = entry.lines().find_map(|line| line.strip_prefix("objectGUID:: ")).unwrap();
    let bytes = base64(line);
    let hex: Vec<String> = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
        .iter()
        .map(|place| format!("{:02x}", bytes[*place]))
        .collect();
    let part = |from: usize, to: usize| hex[from..to].concat();
    let parts = [part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 16)];
    Subject::parse(parts.join("-")).unwrap()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.trim_end_matches('=').chars().flat_map(|digit| {
        let digit = DIGITS.find(digit).unwrap();
        (0..6).rev().map(move |place| digit >> place & 1)
    });
    let bits: Vec<usize> = bits.collect();
    let byte = |bits: &[usize]| bits.iter().fold(0, |sum, bit| sum << 1 | bit);
    bits.chunks_exact(8).map(|bits| u8::try_from(byte(bits)).unwrap()).collect()
}

#[tokio::test]
async fn a_closed_account_tells_its_state_to_its_owner_alone() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let (disabled, ended) = (server.user("disabled", &[]).await, server.user("ended", &[]).await);
    server.tool(&["user", "disable", &disabled]).await;
    server.tool(&["user", "setexpiry", &ended, "--days=0"]).await;
    // 533 and 701.
    for name in [&disabled, &ended] {
        a_closed_account_is_refused(&backend, name, &password_of(name)).await;
    }
    let who = subject(&server, "disabled").await;
    let answer = log_in(&backend, "disabled").await;
    assert!(
        matches!(&answer, Err(Refusal::Disabled { proved: true, subject: Some(s) }) if *s == who),
        "{answer:?}"
    );
    let answer = look_up(&backend, &who).await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: false, .. })), "{answer:?}");
    let answer = log_in(&backend, "ended").await;
    assert!(matches!(answer, Err(Refusal::Expired { proved: true, .. })), "{answer:?}");
    let answer = look_up(&backend, &subject(&server, "ended").await).await;
    assert!(matches!(answer, Err(Refusal::Expired { proved: false, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_locked_account_says_so_whatever_the_password() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    // 775 comes with the right password and without.
    for password in [password_of("locked"), "not the password".to_owned()] {
        let answer = log_in_with(&backend, "locked", &password).await;
        assert!(
            matches!(answer, Err(Refusal::Locked { proved: false, subject: Some(_) })),
            "{answer:?}"
        );
    }
    let answer = look_up(&backend, &subject(&server, "locked").await).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
}

#[tokio::test]
async fn wrong_passwords_lock_and_the_look_up_knows() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let name = server.user("locks", &[]).await;
    let who = log_in(&backend, &name).await.unwrap().subject;
    for _ in 0..3 {
        let answer = log_in_with(&backend, &name, "not the password").await;
        assert!(
            matches!(&answer, Err(Refusal::WrongCredentials(Some(s))) if *s == who),
            "{answer:?}"
        );
    }
    let answer = log_in(&backend, &name).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
    let answer = look_up(&backend, &who).await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: false, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_password_that_must_be_changed_is_told_with_the_right_password_only() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let new = server.user("new", &["--must-change-at-next-login"]).await;
    // 532 and 773.
    for name in ["expired", &new] {
        let answer = log_in(&backend, name).await;
        assert!(matches!(answer, Err(Refusal::PasswordExpired(Some(_)))), "{name}: {answer:?}");
        assert!(look_up(&backend, &subject(&server, name).await).await.is_ok(), "{name}");
    }
    let answer = log_in_with(&backend, &new, "not the password").await;
    assert!(matches!(answer, Err(Refusal::WrongCredentials(Some(_)))), "{answer:?}");
}

#[tokio::test]
async fn hours_and_workstations_are_refusals_of_their_own() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    // 530 and 531.
    let answer = log_in(&backend, "hours").await;
    assert!(matches!(answer, Err(Refusal::Locked { proved: true, .. })), "{answer:?}");
    let answer = log_in(&backend, "elsewhere").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_person_is_found_by_every_name_that_windows_takes() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let subject = log_in_with(&backend, "bob", &password_of("bob")).await.unwrap().subject;
    for name in ["bob@ad.test", r"ad\bob"] {
        let bob = log_in_with(&backend, name, &password_of("bob")).await.unwrap();
        assert_eq!(bob.subject, subject, "{name}");
    }
    // LD2: the name of the entry has what filters and names reserve.
    let by_cn = samba(&server, json!({ "filter": "(cn={username})" }));
    let bob = log_in_with(&by_cn, "bob (the) builder*", &password_of("bob")).await.unwrap();
    assert_eq!(bob.subject, subject);
    for name in ["*", "bob*", "bob (the) builder", ")(cn=*"] {
        let answer = log_in_with(&by_cn, name, &password_of("bob")).await;
        assert!(matches!(answer, Err(Refusal::Unknown)), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn somebody_of_another_domain_is_not_taken_for_ours() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let (name, namesake) = (server.user("sales", &[]).await, server.user("sales", &[]).await);
    // Two may share what stands before `@`, and each is one person.
    let upn = format!("userPrincipalName: {name}@other.test");
    server.modify(&server.dn(&namesake), &["replace: userPrincipalName", &upn]).await;
    let answer = log_in_with(&backend, &format!("{name}@elsewhere.test"), "not the password").await;
    assert!(matches!(answer, Err(Refusal::Unknown)), "{answer:?}");
    let password = password_of(&namesake);
    let other = log_in_with(&backend, &format!("{name}@other.test"), &password).await.unwrap();
    assert_ne!(other.subject, log_in(&backend, &name).await.unwrap().subject);
}

#[tokio::test]
async fn binary_identifiers_are_told_as_people_write_them() {
    let server = Samba::shared();
    let backend = samba_with(&server, json!({}), &["objectGUID", "objectSid", "dn"]);
    let alice = log_in(&backend, "alice").await.unwrap();
    assert_eq!(texts(&alice, "objectGUID"), [alice.subject.as_str()]);
    assert_eq!(alice.subject, subject(&server, "alice").await);
    assert!(texts(&alice, "objectSid")[0].starts_with("S-1-5-21-"), "{alice:?}");
    assert_eq!(texts(&alice, "dn"), [server.dn("alice")]);
    // Another attribute may be the subject, too.
    let backend = samba_with(&server, json!({ "subject": "objectSid" }), &["objectSid"]);
    let by_sid = log_in(&backend, "alice").await.unwrap();
    assert_eq!(texts(&by_sid, "objectSid"), [by_sid.subject.as_str()]);
    assert_eq!(look_up(&backend, &by_sid.subject).await.unwrap(), by_sid);
}

#[tokio::test]
async fn groups_have_the_primary_one_among_them() {
    let server = Samba::shared();
    for source in ["member-of", "search"] {
        let backend = samba(&server, json!({ "groups": source }));
        let alice = log_in(&backend, "alice").await.unwrap();
        assert_eq!(texts(&alice, "groups"), ["Domain Users", "inner", "staff"]);
        assert_eq!(look_up(&backend, &alice.subject).await.unwrap(), alice);
        let nora = log_in(&backend, "nora").await.unwrap();
        assert_eq!(texts(&nora, "groups"), ["Domain Users"]);
    }
}

#[tokio::test]
async fn groups_of_groups_are_found_by_the_server() {
    let server = Samba::shared();
    for source in ["member-of", "search"] {
        let options = json!({ "groups": source, "nested_groups": true });
        let backend = samba(&server, options);
        let alice = log_in(&backend, "alice").await.unwrap();
        let groups = texts(&alice, "groups");
        assert_eq!(groups, ["Domain Users", "Users", "inner", "middle", "outer", "staff"]);
        let carol = log_in(&backend, "carol").await.unwrap();
        assert_eq!(texts(&carol, "groups"), ["Domain Users", "Users", "ring-a", "ring-b"]);
    }
    // Those that the entry names may be anywhere.
    let elsewhere = json!({
        "groups": "member-of", "nested_groups": true, "group_base": "CN=Builtin,DC=ad,DC=test",
    });
    let alice = log_in(&samba(&server, elsewhere), "alice").await.unwrap();
    assert_eq!(texts(&alice, "groups"), ["Domain Users", "Users", "inner", "staff"]);
    // Others are searched for in the whole domain, wherever the people are.
    let people = json!({
        "groups": "search", "nested_groups": true, "base": "CN=Users,DC=ad,DC=test",
    });
    let carol = log_in(&samba(&server, people), "carol").await.unwrap();
    assert_eq!(texts(&carol, "groups"), ["Domain Users", "Users", "ring-a", "ring-b"]);
    let options = json!({ "groups": "search", "nested_groups": true });
    let rehearsed = rehearse(&samba(&server, options), "alice", None).await;
    let tree = fact(step(&rehearsed.steps, "groups"), "tree");
    assert!(tree.contains("Domain Users\n  Users"), "{tree}");
    assert!(tree.contains("inner\n  middle\n    outer"), "{tree}");
    let required = json!({
        "groups": "member-of", "nested_groups": true, "required_group": "CN=outer,CN=Users,DC=ad,DC=test",
    });
    let backend = samba(&server, required);
    assert!(log_in(&backend, "alice").await.is_ok());
    let answer = log_in(&backend, "nora").await;
    assert!(matches!(answer, Err(Refusal::Disabled { proved: true, .. })), "{answer:?}");
}

#[tokio::test]
async fn a_renamed_and_moved_person_is_the_same() {
    let server = Samba::shared();
    let backend = samba(&server, json!({}));
    let name = server.user("moves", &[]).await;
    let before = log_in(&backend, &name).await.unwrap();
    let (dn, renamed) = (server.dn(&name), format!("{name}x"));
    let rename = format!(
        "dn: {dn}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: {renamed}\n-\n\
         replace: userPrincipalName\nuserPrincipalName: {renamed}@ad.test\n\n\
         dn: {dn}\nchangetype: modrdn\nnewrdn: CN={renamed}\ndeleteoldrdn: 1\nnewsuperior: {}\n",
        server.base()
    );
    server.change(&rename).await;
    let after = log_in_with(&backend, &renamed, &password_of(&name)).await.unwrap();
    assert_eq!(after.subject, before.subject);
    assert_eq!(look_up(&backend, &before.subject).await.unwrap(), after);
    let answer = log_in(&backend, &name).await;
    assert!(matches!(answer, Err(Refusal::Unknown)), "{answer:?}");
}
