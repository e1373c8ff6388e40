//! The OpenAPI document: that it is the committed one, that others accept it, and that the provider keeps what it says.

mod conformance;
mod discovery;
mod docs;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::Op;

/// The issuer of the committed documents.
const EXAMPLE: &str = "https://op.example";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn committed() -> String {
    std::fs::read_to_string(root().join("openapi/vestibule.json")).unwrap()
}

/// A program that `tests/run` installs from PyPI.
fn python(program: &str) -> PathBuf {
    let folder = std::env::var_os("VESTIBULE_TEST_PYTHON").unwrap_or_else(|| {
        panic!("VESTIBULE_TEST_PYTHON is not set: tests/run installs {program} and sets it")
    });
    Path::new(&folder).join(program)
}

/// Everything that a program says, once it has ended; whether it was content.
async fn run(mut command: Command) -> (bool, String) {
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn the_committed_document_is_that_of_the_code() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    // Neither a configuration nor a variable is there.
    command.arg("openapi").current_dir(std::env::temp_dir()).env_clear();
    let (success, printed) = run(command).await;
    assert!(success, "{printed}");
    assert!(
        printed == committed(),
        "openapi/vestibule.json is not that of the code; renew it by\n\
         cargo run -- openapi > openapi/vestibule.json"
    );
}

#[tokio::test]
async fn the_document_that_is_served_is_the_committed_one() {
    let op = Op::start().await;
    let served = op.get_json("/openapi.json").await;
    let committed = committed().replace(EXAMPLE, op.issuer());
    assert_eq!(served, serde_json::from_str::<Value>(&committed).unwrap());
}

#[tokio::test]
async fn the_validator_of_others_accepts_the_document() {
    let mut command = Command::new(python("openapi-spec-validator"));
    command.arg(root().join("openapi/vestibule.json"));
    let (success, said) = run(command).await;
    assert!(success, "{said}");
}
