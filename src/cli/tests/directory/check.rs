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
