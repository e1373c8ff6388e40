//! The command-line tools of the directories: `ldapmodify`, `samba-tool` and their like.

use std::io::Write;
use std::panic::resume_unwind;
use std::process::{Command, Output, Stdio};

use tokio::task::spawn_blocking;

/// Runs a tool to its end with this input.
pub(crate) fn output(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| {
        panic!("{command:?} cannot be run ({error}): tests/run installs what the tests need")
    });
    // A tool that does not read all of it says why in its own words.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a tool that must succeed, and returns what it said.
pub(crate) fn run(command: &mut Command, input: &str) -> String {
    let output = output(command, input);
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}{complaints}\n{input}", output.status);
    said.into_owned()
}

/// Does what blocks beside the runtime; a panic there is one here.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => resume_unwind(error.into_panic()),
    }
}
