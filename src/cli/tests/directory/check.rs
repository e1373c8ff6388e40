//! What `check` says of directories.

use super::*;

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

// LK1
#[tokio::test]
async fn a_directory_that_strangers_can_have_lock_accounts_is_doubtful() {
    let slapd = Slapd::start().await;
    let folder = Folder::installed("check-attempts").await;
    let url = format!("url = {:?}\n", slapd.tls_url());
    folder.append(&configuration(&slapd, &url));
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.text.contains("staff has no `attempts`"), "{}", answer.text);
    folder.replace(&url, &format!("{url}attempts = 4\n"));
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.success && !answer.text.contains("`attempts`"), "{}", answer.text);
}

// EN1
#[tokio::test]
async fn backends_whose_outage_tells_who_is_known_to_others_are_doubtful() {
    let slapd = Slapd::start().await;
    let folder = Folder::installed("check-names").await;
    let url = format!("url = {:?}\n", slapd.tls_url());
    // Behind the `people` of our own database.
    folder.append(&configuration(&slapd, &url));
    let both = folder.run("check", "").await.unwrap();
    let told =
        "while staff is down, the login page tells strangers which names are known to people";
    assert!(both.text.contains(told), "{}", both.text);
    folder.replace(&url, &format!("{url}usernames = [\"*@corp.example\"]\n"));
    let owned = folder.run("check", "").await.unwrap();
    assert!(owned.success && !owned.text.contains("`usernames`"), "{}", owned.text);
}

#[tokio::test]
async fn nobody_is_missed_for_a_claim_that_was_not_asked_for() {
    let slapd = Slapd::start().await;
    let folder = Folder::installed("check-claims").await;
    let with_claims = configuration(&slapd, &format!("url = {:?}", slapd.tls_url()));
    let (without, claims) = with_claims.split_once("[backend.claims]").unwrap();
    folder.append(without);
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.success && answer.text.contains("staff answers"), "{}", answer.text);
    assert!(!answer.text.contains("none of them has"), "{}", answer.text);
    let found = attempt(&folder, "alice", None, "").await;
    assert_eq!(step(&found, "entry")["state"], "ok", "{}", found.text);
    folder.append(&format!("[backend.claims]{claims}birthdate = \"birthDate\"\n"));
    let answer = folder.run("check", "").await.unwrap();
    assert!(answer.text.contains("none of them has"), "{}", answer.text);
}
