//! A directory tried from the command line before anybody depends on it: nothing else is there.

use serde_json::Value;
use vestibule_counterparts::{Slapd, password_of};

use super::start;
use crate::support::{Ended, Folder};

/// Runs the program on `new.toml`, with these lines on its input.
async fn run(folder: &Folder, words: &str, input: &[&str]) -> Ended {
    let mut program = start(folder, &format!("--config new.toml {words}"));
    for line in input {
        program.write(line);
    }
    program.close_input();
    program.end().await
}

fn nothing_secret(ended: &Ended) {
    for secret in [Slapd::SERVICE_PASSWORD, &password_of("alice"), "canary"] {
        let told = format!("{}{}", ended.output, ended.complaints);
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test]
async fn a_directory_is_tried_before_it_is_in_service() {
    let slapd = Slapd::start().await;
    let folder = Folder::new();
    std::fs::write(folder.join("password"), format!("{}\n", Slapd::SERVICE_PASSWORD)).unwrap();
    let configuration = format!(
        "[[backend]]\nname = \"staff\"\ntype = \"ldap\"\nurl = {:?}\nca = {:?}\nbind_dn = {:?}\n\
         bind_password_file = {:?}\nbase = {:?}\n[backend.claims]\nemail = \"mail\"\n",
        slapd.tls_url(),
        slapd.ca_file().display().to_string(),
        Slapd::SERVICE_DN,
        folder.join("password").display().to_string(),
        slapd.base(),
    );
    std::fs::write(folder.join("new.toml"), configuration).unwrap();

    let healthy = run(&folder, "backend health", &[]).await.success();
    assert!(healthy.contains(&slapd.tls_url()), "{healthy}");
    let words = "backend try staff --user alice --password-prompt";
    let tried = run(&folder, words, &[&password_of("alice")]).await;
    nothing_secret(&tried);
    let tried = tried.success();
    for told in ["TLS", "Logged in", "alice@example.test"] {
        assert!(tried.contains(told), "{told}\n{tried}");
    }

    let refused = run(&folder, &format!("--json {words}"), &["canary"]).await;
    assert_eq!(refused.status.code(), Some(1));
    nothing_secret(&refused);
    let told: Value = serde_json::from_str(&refused.output).unwrap();
    assert_eq!(told["refusal"]["kind"], "wrong_credentials");

    // LD3
    let words = "backend try staff --user alice --url ldaps://elsewhere.test";
    let elsewhere = run(&folder, words, &[]).await;
    assert_eq!(elsewhere.status.code(), Some(1));
    assert_eq!(elsewhere.complaints.lines().count(), 1, "{}", elsewhere.complaints);
    assert!(elsewhere.complaints.contains("--bind-password-prompt"), "{}", elsewhere.complaints);
    nothing_secret(&elsewhere);
}
