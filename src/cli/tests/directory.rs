//! `vestibule backend` with a real directory, before anybody depends on it.

mod check;
mod elsewhere;
mod hosts;

use serde_json::{Value, json};
use vestibule_counterparts::{Authority, Samba, Slapd, password_of};

use super::*;

/// A file with nothing in it but a directory, and this.
fn with_directory(name: &str, slapd: &Slapd, more: &str) -> Folder {
    let folder = Folder::new(name);
    let url = slapd.tls_url();
    std::fs::write(folder.config(), configuration(slapd, &format!("url = {url:?}\n{more}")))
        .unwrap();
    folder
}

/// A backend that searches as the service account. The claims come last.
fn configuration(slapd: &Slapd, lines: &str) -> String {
    format!(
        "[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nca = {ca:?}\nbind_dn = {dn:?}\nbind_password = {password:?}\n\
         base = \"ou=people,{base}\"\ngroup_base = \"ou=groups,{base}\"\ngroups = \"member-of\"\n\
         nested_groups = true\n{lines}\n[backend.claims]\nname = \"cn\"\nemail = \"mail\"\nnickname = \"{{{{ displayName }}}}\"\n\
         picture = \"jpegPhoto\"\ngroups = [\"groups\"]\n",
        ca = slapd.ca_file().display().to_string(),
        dn = Slapd::SERVICE_DN,
        password = Slapd::SERVICE_PASSWORD,
        base = slapd.base(),
    )
}

async fn attempt(folder: &Folder, user: &str, password: Option<&str>, more: &str) -> Answer {
    let prompt = if password.is_some() { " --password-prompt" } else { "" };
    let line = format!("backend try staff --user {user}{prompt}{more}");
    let input = password.map(|password| format!("{password}\n")).unwrap_or_default();
    let answer = folder.run(&line, &input).await.unwrap();
    // LD3, LG1: whatever happens, nothing secret is printed.
    for secret in password.into_iter().chain([Slapd::SERVICE_PASSWORD]) {
        for form in [answer.written(true), answer.written(false)] {
            assert!(!form.contains(secret), "{secret} in {form}");
        }
    }
    answer
}

fn step<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    let steps = answer.json["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no step {name}: {}", answer.text))
}

#[tokio::test]
async fn a_person_is_found_and_logged_in_step_by_step() {
    let slapd = Slapd::start().await;
    let folder = with_directory("directory", &slapd, "");
    let found = attempt(&folder, "Alice", None, "").await;
    assert!(found.success, "{}", found.text);
    assert_eq!(found.json["logged_in"], false);
    let logged_in = attempt(&folder, "alice", Some(&password_of("alice")), "").await;
    assert!(logged_in.success, "{}", logged_in.text);
    for answer in [&found, &logged_in] {
        for told in [
            "DNS",
            "TCP",
            "TLS",
            "bind",
            "TLSv1_3",
            "CN=",
            "127.0.0.1",
            "(uid=alice)",
            "uid=alice,ou=people,dc=example,dc=test",
            "outer",
            "Alice Adams",
        ] {
            assert!(answer.text.contains(told), "{told}\n{}", answer.text);
        }
        let claims = &answer.json["claims"];
        assert_eq!(
            (&claims["name"], &claims["email"]),
            (&json!("Alice Adams"), &json!("alice@example.test"))
        );
        let groups: Vec<_> =
            claims["groups"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for group in ["inner", "middle", "outer", "staff", "R&D (core)*, Berlin"] {
            assert!(groups.contains(&group), "{group} {groups:?}");
        }
        assert_eq!(
            answer.json["absent"],
            json!([{ "claim": "nickname", "attributes": ["displayName"] }])
        );
        assert!(answer.text.contains("nickname  from displayName"), "{}", answer.text);
        let timed =
            answer.json["steps"].as_array().unwrap().iter().all(|step| step["took_ms"].is_f64());
        assert!(timed, "{}", answer.json);
    }
    assert!(logged_in.text.contains("Logged in"), "{}", logged_in.text);
}

#[tokio::test]
async fn refusals_are_decoded() {
    let slapd = Slapd::start().await;
    let folder = with_directory("refusals", &slapd, "");
    for (user, password, kind, sees) in [
        ("alice", "not-hers", "wrong_credentials", "Wrong name or password."),
        ("nobody", "not-hers", "unknown", "Wrong name or password."),
        ("locked", &password_of("locked"), "locked", "Wrong name or password."),
        ("expired", &password_of("expired"), "password_expired", "Your password must be changed"),
        (
            "must-change",
            &password_of("must-change"),
            "password_expired",
            "Your password must be changed",
        ),
    ] {
        let answer = attempt(&folder, user, Some(password), "").await;
        assert!(!answer.success, "{user}: {}", answer.text);
        assert_eq!(answer.json["refusal"]["kind"], kind, "{user}: {}", answer.text);
        assert!(answer.text.contains(sees), "{user}: {}", answer.text);
        assert!(answer.text.contains("remedy"), "{user}: {}", answer.text);
        assert_eq!(answer.json["claims"], Value::Null);
    }
    let grace = attempt(&folder, "grace", Some(&password_of("grace")), "").await;
    assert!(grace.success && grace.text.contains("more logins are let through"), "{}", grace.text);
    let expiring = attempt(&folder, "expiring", Some(&password_of("expiring")), "").await;
    assert!(expiring.success && expiring.text.contains("expires in "), "{}", expiring.text);
}

#[tokio::test]
async fn the_states_of_active_directory_are_decoded() {
    let samba = Samba::shared();
    let folder = Folder::new("active-directory");
    let configuration = format!(
        "[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nurl = {:?}\nca = {:?}\nbind_dn = {:?}\n\
         bind_password = {:?}\nbase = {:?}\ngroups = \"member-of\"\nnested_groups = true\n\
         [backend.claims]\nemail = \"mail\"\ngroups = [\"groups\"]\n",
        samba.tls_url(),
        samba.ca_file().display().to_string(),
        Samba::SERVICE_DN,
        Samba::SERVICE_PASSWORD,
        samba.base(),
    );
    std::fs::write(folder.config(), configuration).unwrap();
    for (user, kind, sees) in [
        ("disabled", "disabled", "Your account is disabled."),
        ("ended", "expired", "Your account has expired."),
        ("expired", "password_expired", "Your password must be changed"),
        ("must-change", "password_expired", "Your password must be changed"),
        ("locked", "locked", "Wrong name or password."),
    ] {
        let answer = attempt(&folder, user, Some(&password_of(user)), "").await;
        assert_eq!(answer.json["refusal"]["kind"], kind, "{user}: {}", answer.text);
        assert!(!answer.success && answer.text.contains(sees), "{user}: {}", answer.text);
    }
    for name in ["alice", "ALICE@ad.test"] {
        let answer = attempt(&folder, name, Some(&password_of("alice")), "").await;
        assert!(answer.success && answer.text.contains("Active Directory"), "{}", answer.text);
        assert!(answer.text.contains("objectGUID"), "{}", answer.text);
    }
}

// LD6
#[tokio::test]
async fn a_directory_that_is_not_trusted_is_told_in_words() {
    let slapd = Slapd::start().await;
    let folder = with_directory("trust", &slapd, "");
    let other = Authority::default();
    let ca = folder.path.join("other.crt");
    std::fs::write(&ca, other.pem()).unwrap();
    folder.replace(&slapd.ca_file().display().to_string(), &ca.display().to_string());
    let answer = attempt(&folder, "alice", None, "").await;
    assert!(!answer.success);
    assert_eq!(answer.json["refusal"]["kind"], "unavailable");
    let tls = step(&answer, "TLS");
    assert_eq!(tls["state"], "failed", "{}", answer.text);
    assert!(tls["sentence"].as_str().unwrap().contains("`ca`"), "{tls}");
}

#[tokio::test]
async fn a_service_account_with_a_wrong_password_is_told_without_it() {
    let slapd = Slapd::start().await;
    let folder = with_directory("service", &slapd, "");
    folder.replace(Slapd::SERVICE_PASSWORD, "canary-of-the-service");
    for line in ["backend try staff --user alice", "backend sample staff", "backend health"] {
        let answer = folder.run(line, "").await.unwrap();
        let written = answer.written(true) + &answer.written(false);
        assert!(!written.contains("canary"), "{line}: {written}");
        assert!(!answer.success, "{line}: {}", answer.text);
    }
    let installed = Folder::installed("wrong-service").await;
    let wrong = configuration(&slapd, &format!("url = {:?}", slapd.tls_url()));
    installed.append(&wrong.replace(Slapd::SERVICE_PASSWORD, "canary-of-the-service"));
    let answer = installed.run("check", "").await.unwrap();
    let written = answer.written(true) + &answer.written(false);
    assert!(!answer.success && !written.contains("canary"), "{written}");
}

#[tokio::test]
async fn a_variable_takes_the_place_of_the_stored_password() {
    let slapd = Slapd::start().await;
    let mut folder = with_directory("variable", &slapd, "");
    folder.replace("bind_password =", "bind_password_file =");
    let failure = folder.failure("backend try staff --user alice").await;
    assert!(failure.contains("`bind_password_file` names"), "{failure}");
    let variable = "VESTIBULE_BACKEND__STAFF__BIND_PASSWORD".to_owned();
    folder.variables.push((variable, Slapd::SERVICE_PASSWORD.to_owned()));
    let answer = attempt(&folder, "alice", None, "").await;
    assert!(answer.success, "{}", answer.text);
}

#[tokio::test]
async fn a_sample_tells_what_people_have_and_never_their_hashes() {
    let slapd = Slapd::start().await;
    let folder = with_directory("sample", &slapd, "");
    let answer = folder.run("backend sample staff", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert!(!answer.json["steps"].as_array().unwrap().is_empty());
    let written = answer.written(true) + &answer.written(false);
    assert!(!written.contains("-Passw0rd") && !written.contains("SSHA"), "{written}");
}

#[tokio::test]
async fn an_option_of_a_directory_is_told_with_its_place() {
    let slapd = Slapd::start().await;
    let folder = with_directory("option-ldap", &slapd, "securty = \"tls\"");
    let failure = folder.failure("backend try staff --user alice").await;
    assert!(
        failure.contains("vestibule.toml:") && failure.contains("did you mean `security`?"),
        "{failure}"
    );
    folder.replace("securty = \"tls\"", "security = \"encrypted\"");
    let failure = folder.failure("backend try staff --user alice").await;
    assert!(
        failure.contains("vestibule.toml:") && failure.contains("`security` must be one of"),
        "{failure}"
    );
}
