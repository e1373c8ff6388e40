//! The rendered document in a real browser.

use std::process::Command;

use super::run;
use crate::support::Op;

#[tokio::test(flavor = "multi_thread")]
async fn the_docs_are_rendered_under_their_policy() {
    let chromium = std::env::var_os("VESTIBULE_TEST_CHROMIUM")
        .expect("VESTIBULE_TEST_CHROMIUM is not set: tests/run installs a browser and sets it");
    let op = Op::start().await;
    let profile = std::env::temp_dir().join(format!("vestibule-docs-{}", vestibule::secret::id()));
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("{}/docs", op.issuer()));
    let (_, said) = run(command).await;
    let _ = std::fs::remove_dir_all(profile);
    for id in ["operations-Tokens-token", "operations-Authorization-authorize"] {
        assert!(said.contains(id), "{id} is not shown:\n{}", &said[..said.len().min(4000)]);
    }
    assert!(!said.contains("Content Security Policy"), "{said}");
}
