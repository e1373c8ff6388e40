//! The program itself, in a process of its own, as whoever starts it meets it.

mod demo;
mod directory;
mod production;
mod rehearsal;

use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, Program, vestibule};

/// Starts the program with these words behind its name.
fn start(folder: &Folder, words: &str) -> Program {
    let words: Vec<&str> = words.split(' ').collect();
    Program::start(&mut vestibule(folder.path(), &words))
}

#[tokio::test]
async fn serving_without_a_configuration_is_one_sentence_and_exit_code_1() {
    let folder = Folder::new();
    let ended = start(&folder, "serve").end().await;
    assert_eq!(ended.status.code(), Some(1));
    let told = &ended.complaints;
    assert!(told.contains("vestibule.toml") && told.contains("vestibule init"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(ended.output.is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_scripts_read_is_json() {
    let folder = Folder::new();
    let output = start(&folder, "init --issuer https://login.example --json").end().await;
    let value: Value = serde_json::from_str(&output.success()).unwrap();
    let file = value["master_key_file"].as_str().unwrap();
    assert!(Path::new(file).exists(), "{file}");
    let checked = start(&folder, "check --json").end().await;
    assert_eq!(checked.status.code(), Some(1));
    let value: Value = serde_json::from_str(&checked.output).unwrap();
    assert_eq!(value["success"], false);
}
