//! `vestibule backend` and `check` with a table of somebody else's.

use sea_orm::{ConnectionTrait, Database};

use super::*;

/// `{SMD5}` of "canary", as another product left it.
const WEAK: &str = "{SMD5}NtAdATX9EHI+SZTg8O89tFNBTFRTQUxU";

/// A shop with two customers, and a configuration that has nothing but its table.
async fn shop(name: &str, more: &str) -> Folder {
    let folder = Folder::new(name);
    let file = folder.path.join("shop.db");
    let database =
        Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    for statement in [
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, full_name TEXT, hash TEXT)"
            .to_owned(),
        "CREATE UNIQUE INDEX by_email ON customer (lower(email))".to_owned(),
        format!("INSERT INTO customer VALUES (1, 'Alice@example.com', 'Alice Adams', '{WEAK}')"),
        "INSERT INTO customer VALUES (2, 'bob@example.com', 'Bob', '$canary$scheme$')".to_owned(),
    ] {
        database.execute_unprepared(&statement).await.unwrap();
    }
    let select = "SELECT id, lower(email) AS email, full_name, hash AS password_hash FROM customer";
    let configuration = format!(
        "[[backend]]\nname = \"shop\"\ntype = \"sql\"\nurl = \"sqlite:{}\"\n\
         query = \"{select} WHERE lower(email) = :username\"\n\
         lookup_query = \"{select} WHERE id = :subject\"\nsample_query = \"{select} LIMIT 10\"\n{more}\n\
         [backend.claims]\nname = \"full_name\"\nemail = \"email\"\nnickname = \"nick\"\n",
        file.display()
    );
    std::fs::write(folder.config(), configuration).unwrap();
    folder
}

#[tokio::test]
async fn a_table_is_sampled_and_tried_before_it_is_in_service() {
    let folder = shop("tables", "allow_weak_hashes = true").await;
    let sampled = folder.run("backend sample shop", "").await.unwrap();
    for told in ["SELECT", "full_name", "SMD5", "nick"] {
        assert!(sampled.text.contains(told), "{told}\n{}", sampled.text);
    }
    let tried = folder.run("backend try shop --user ALICE@example.com", "").await.unwrap();
    assert_eq!(tried.json["claims"]["name"], "Alice Adams", "{}", tried.text);
    assert_eq!(tried.json["absent"][0]["claim"], "nickname");
    let healthy = folder.run("backend health", "").await.unwrap();
    assert!(healthy.success, "{}", healthy.text);
    for answer in [sampled, tried, healthy] {
        let written = answer.written(true) + &answer.written(false);
        assert!(!written.contains("canary") && !written.contains("6pTkcGKb"), "{written}");
    }
}

#[tokio::test]
async fn check_names_the_schemes_that_nobody_can_log_in_with() {
    let folder = shop("schemes", "").await;
    let backend = std::fs::read_to_string(folder.config()).unwrap();
    let installed = Folder::installed("schemes-installed").await;
    installed.append(&backend);
    let answer = installed.run("check", "").await.unwrap();
    let line = answer.text.lines().find(|line| line.contains("shop, rows:"));
    let line = line.unwrap_or_else(|| panic!("{}", answer.text));
    assert!(!line.starts_with("ok") && line.contains("`vestibule backend sample shop`"), "{line}");
    let sampled = folder.run("backend sample shop", "").await.unwrap();
    assert!(!sampled.success && sampled.text.contains("SMD5"), "{}", sampled.text);
    let written = answer.written(true) + &answer.written(false);
    assert!(!written.contains("canary") && !written.contains("6pTkcGKb"), "{written}");
}

#[tokio::test]
async fn a_host_of_the_command_line_is_for_directories() {
    let folder = shop("sql-url", "").await;
    let failure = folder.failure("backend try shop --user a --url ldaps://a").await;
    assert!(
        failure.contains("for a backend of type \"ldap\"; `shop` is of type \"sql\""),
        "{failure}"
    );
}

#[tokio::test]
async fn no_column_is_missed_for_a_claim_that_was_not_asked_for() {
    let folder = shop("tables-claims", "allow_weak_hashes = true").await;
    let asked_for = folder.run("backend sample shop", "").await.unwrap();
    assert!(asked_for.text.contains("that no column has"), "{}", asked_for.text);
    let configuration = std::fs::read_to_string(folder.config()).unwrap();
    let (without, _) = configuration.split_once("[backend.claims]").unwrap();
    std::fs::write(folder.config(), without).unwrap();
    let guessed = folder.run("backend sample shop", "").await.unwrap();
    assert!(!guessed.text.contains("that no column has"), "{}", guessed.text);
    assert!(guessed.text.contains("email"), "{}", guessed.text);
}
