//! `vestibule backend`: what can be tried of a configuration, and how little of it must be there.

use serde_json::json;

use super::*;

/// A file with nothing in it but this.
fn only(name: &str, backends: &str) -> Folder {
    let folder = Folder::new(name);
    std::fs::write(folder.config(), backends).unwrap();
    folder
}

#[tokio::test]
async fn people_of_our_own_table_are_tried_too() {
    let folder = Folder::installed("try-own").await;
    folder.run("user add alice --attribute email=a@example.com", "correct horse\n").await.unwrap();
    let line = "backend try people --user ALICE --password-prompt";
    let tried = folder.run(line, "correct horse\n").await.unwrap();
    assert!(tried.success, "{}", tried.text);
    assert_eq!(tried.json["claims"]["email"], "a@example.com");
    assert_eq!(tried.json["claims"]["preferred_username"], "alice");
    assert_eq!(
        (&tried.json["logged_in"], &tried.json["asked"]),
        (&json!(true), &json!(["people"]))
    );
    for told in ["Logged in", "normalised  alice", "is asked    first of people", "email   "] {
        assert!(tried.text.contains(told), "{told}\n{}", tried.text);
    }
    let absent = tried.json["absent"].as_array().unwrap();
    let phone = json!({ "claim": "phone_number", "attributes": ["phone_number"] });
    assert!(absent.contains(&phone), "{absent:?}");

    let refused = folder.run(line, "canary-of-the-person\n").await.unwrap();
    assert!(!refused.success);
    assert_eq!(refused.json["refusal"]["kind"], "wrong_credentials");
    assert!(refused.text.contains("\"Wrong name or password.\""), "{}", refused.text);
    assert!(
        !refused.written(true).contains("canary") && !refused.written(false).contains("canary")
    );
}

// LD1
#[tokio::test]
async fn a_blank_password_is_not_tried() {
    let folder = Folder::installed("try-blank").await;
    for blank in ["", "\n", "  \t\n"] {
        let line = "backend try people --user alice --password-prompt";
        let failure = folder.run(line, blank).await.unwrap_err().to_string();
        assert_eq!(failure, "the password of alice is not usable: the password is blank");
    }
}

#[tokio::test]
async fn health_needs_no_more_than_the_backends() {
    let folder = only(
        "health",
        "[[backend]]\nname = \"people\"\ntype = \"database\"\n[[backend]]\nname = \"x\"\ntype = \"ladp\"\n",
    );
    let answer = folder.run("backend health", "").await.unwrap();
    assert!(!answer.success);
    assert_eq!(answer.json["backends"][0]["state"], "down", "{}", answer.text);
    assert!(answer.text.contains("database.url is missing"), "{}", answer.text);
    assert!(answer.text.contains("the type `ladp` is not known"), "{}", answer.text);

    let folder = Folder::installed("healthy").await;
    let answer = folder.run("backend health", "").await.unwrap();
    assert!(answer.success, "{}", answer.text);
    assert_eq!(answer.json["backends"][0]["hosts"][0]["state"], "up");
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_told_with_those_that_are() {
    let folder = only("named", "[[backend]]\nname = \"staff\"\ntype = \"database\"\n");
    for line in ["backend try stuff --user alice", "backend sample stuff"] {
        let failure = folder.failure(line).await;
        assert_eq!(failure, "no [[backend]] has the name stuff; there are: staff");
    }
    let failure = folder.failure("backend try staff --user _alice").await;
    assert!(failure.contains("begins or ends with a space"), "{failure}");
}

#[tokio::test]
async fn whose_name_it_is_is_told_before_anybody_depends_on_it() {
    let folder = Folder::installed("try-names").await;
    folder.append(
        "[[backend]]\nname = \"corp\"\ntype = \"database\"\nusernames = [\"*@corp.example\"]\nhash_memory = 8\n",
    );
    let tried = folder
        .run("backend try people --user a@corp.example --password-prompt", "x\n")
        .await
        .unwrap();
    assert!(tried.text.contains("never of people: it belongs to corp"), "{}", tried.text);
    let tried = folder.run("backend try corp --user alice --password-prompt", "x\n").await.unwrap();
    assert!(tried.text.contains("never of corp: it belongs to people"), "{}", tried.text);
}
