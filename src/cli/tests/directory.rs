//! `vestibule backend` and `check` with a real directory, before anybody depends on it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use serde_json::{Value, json};
use vestibule_counterparts::{Authority, Proxy, Samba, Slapd, free_ports, password_of};

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

/// Everything that is sent to a port that nobody answers from.
fn recorder() -> (u16, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, all) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut bytes) {
                let _ = heard.send(bytes[..read].to_vec());
                // Success to the first message, whatever it is: a bind would be believed.
                let _ =
                    stream.write_all(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00");
            }
        }
    });
    (port, all)
}

// LD3
#[tokio::test]
async fn the_stored_password_is_never_sent_to_another_host() {
    let slapd = Slapd::start().await;
    let folder = with_directory("elsewhere", &slapd, "");
    let (port, heard) = recorder();
    let url = format!("ldap://127.0.0.1:{port}");
    let line = format!("backend try staff --user alice --url {url} --security plaintext");
    let failure = folder.failure(&line).await;
    assert!(failure.contains("its `bind_password` is not sent anywhere else"), "{failure}");
    assert!(!failure.contains(Slapd::SERVICE_PASSWORD), "{failure}");
    assert!(heard.try_recv().is_err(), "nobody even connected");

    let typed = "typed-for-this-run";
    let answer =
        folder.run(&format!("{line} --bind-password-prompt"), &format!("{typed}\n")).await.unwrap();
    assert!(!answer.success && !answer.text.contains(typed), "{}", answer.text);
    let sent: Vec<u8> = heard.try_iter().flatten().collect();
    let sent = String::from_utf8_lossy(&sent);
    assert!(sent.contains(typed), "the typed one goes where it is meant to");
    assert!(!sent.contains(Slapd::SERVICE_PASSWORD), "{sent}");
}

// LD3
#[tokio::test]
async fn the_configured_host_may_be_named_again() {
    let slapd = Slapd::start().await;
    let folder = with_directory("named-again", &slapd, "");
    let answer = attempt(&folder, "alice", None, &format!(" --url {}", slapd.tls_url())).await;
    assert!(answer.success, "{}", answer.text);
    let failure =
        folder.failure(&format!("backend try staff --user alice --url {}", slapd.url())).await;
    assert!(failure.contains("--bind-password-prompt"), "the same host by StartTLS: {failure}");
    let line = format!(
        "backend try staff --user alice --url {} --bind-password-prompt --password-prompt",
        slapd.url()
    );
    let input = format!("{}\n{}\n", Slapd::SERVICE_PASSWORD, password_of("alice"));
    let answer = folder.run(&line, &input).await.unwrap();
    assert!(answer.success && answer.text.contains("Logged in"), "{}", answer.text);
}

#[tokio::test]
async fn health_asks_the_dead_hosts_too() {
    let slapd = Slapd::start().await;
    let folder = Folder::new("hosts");
    let (alive, dead) = (slapd.tls_url(), format!("ldaps://127.0.0.1:{}", free_ports(1)));
    let urls = format!("url = [{dead:?}, {alive:?}]");
    std::fs::write(folder.config(), configuration(&slapd, &urls)).unwrap();
    let answer = folder.run("backend health", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert!(
        answer.text.contains("staff is degraded: 1 of 2 hosts do not answer"),
        "{}",
        answer.text
    );
    let hosts = &answer.json["backends"][0]["hosts"];
    let mut states: Vec<_> =
        hosts.as_array().unwrap().iter().map(|host| host["state"].as_str()).collect();
    states.sort();
    assert_eq!(states, [Some("down"), Some("up")], "{hosts}");

    // Nor does a dead host stop a rehearsal, or a check.
    let answer = folder.run("backend sample staff", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    let installed = Folder::installed("degraded").await;
    installed.append(&configuration(&slapd, &urls));
    let answer = installed.run("check", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert!(answer.text.contains("staff is degraded, of its 2 hosts:"), "{}", answer.text);

    std::fs::write(folder.config(), configuration(&slapd, &format!("url = {dead:?}"))).unwrap();
    let answer = folder.run("backend health", "").await.unwrap();
    assert!(!answer.success && answer.text.contains("staff is down"), "{}", answer.text);
}

#[tokio::test]
async fn health_does_not_wait_for_a_host_that_hangs() {
    let slapd = Slapd::start().await;
    let proxy = Proxy::to(slapd.tls_address()).await;
    proxy.freeze();
    let urls = format!("url = [\"ldaps://{}\", {:?}]", proxy.address(), slapd.tls_url());
    let folder = Folder::new("hangs");
    let configuration = configuration(&slapd, &urls);
    std::fs::write(
        folder.config(),
        configuration.replace("[backend.claims]", "connect_timeout = \"500ms\"\n[backend.claims]"),
    )
    .unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(8), folder.run("backend health", ""));
    let answer = asked.await.unwrap().unwrap();
    assert!(answer.success && answer.text.contains("staff is degraded"), "{}", answer.text);
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
async fn check_says_what_of_a_directory_is_doubtful() {
    let slapd = Slapd::start().await;
    let folder = Folder::installed("check-directory").await;
    let plain =
        configuration(&slapd, &format!("url = {:?}\nsecurity = \"plaintext\"", slapd.url()));
    let plain: String = plain
        .lines()
        .filter(|line| !line.starts_with("ca ="))
        .map(|line| format!("{line}\n"))
        .collect();
    folder.append(&plain);
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert!(answer.text.contains("staff: `security` is \"plaintext\""), "{}", answer.text);
    assert!(answer.text.contains("staff answers"), "{}", answer.text);

    let folder = Folder::installed("check-direct").await;
    folder.append(&format!(
        "[[backend]]\nname = \"direct\"\ntype = \"ldap\"\nurl = {:?}\nca = {:?}\nbase = \"dc=example,dc=test\"\n\
         bind_as = \"uid={{username}},ou=people,dc=example,dc=test\"\n",
        slapd.tls_url(),
        slapd.ca_file().display().to_string(),
    ));
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.text.contains("direct cannot be asked about people"), "{}", answer.text);
    assert!(answer.text.contains("must be the last"), "{}", answer.text);
    folder.append("[[backend]]\nname = \"behind\"\ntype = \"database\"\nhash_memory = 8\n");
    let answer = folder.run("check", "").await.unwrap();
    assert!(
        !answer.success && answer.text.contains("`direct`") && answer.text.contains("`behind`"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn check_asks_directories_even_without_a_database() {
    let slapd = Slapd::start().await;
    let folder = Folder::new("no-database");
    folder.run("init --issuer https://login.example", "").await.unwrap();
    folder.append(&configuration(&slapd, &format!("url = {:?}", slapd.tls_url())));
    let answer = folder.run("check", "").await.unwrap();
    assert!(!answer.success, "{}", answer.text);
    assert!(answer.text.contains("`vestibule migrate` makes it"), "{}", answer.text);
    assert!(answer.text.contains("staff answers"), "{}", answer.text);
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
