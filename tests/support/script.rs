//! A script of Node that plays a part in a story, and speaks with it in JSON, one value a line.
//!
//! `script.mjs` is its other end. A script that reads the end of its input stops, and takes its browser
//! with it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::folder::Folder;
use super::program::Program;

pub struct Script {
    path: String,
    program: Program,
    /// For what it and its browser leave lying about.
    _folder: Folder,
}

impl Script {
    /// Starts a script of this folder's neighbours: `foreign/openid_client.mjs`.
    pub fn start(path: &str) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let packages = std::env::var_os("VESTIBULE_TEST_NODE")
            .map_or_else(|| tests.join("npm"), PathBuf::from);
        let browser = std::env::var_os("VESTIBULE_TEST_CHROMIUM")
            .map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from);
        for needed in [&packages.join("node_modules"), &browser] {
            let shown = needed.display();
            assert!(
                needed.exists(),
                "{shown} is missing: tests/run installs what the stories need"
            );
        }
        let mut command = Command::new("node");
        command.arg(tests.join(path)).current_dir(&tests);
        let folder = Folder::new();
        command.env("TMPDIR", folder.path());
        command.env("VESTIBULE_TEST_NODE", packages).env("VESTIBULE_TEST_CHROMIUM", browser);
        Self { path: path.to_owned(), program: Program::start(&mut command), _folder: folder }
    }

    pub fn tell(&mut self, value: &Value) {
        self.program.write(&value.to_string());
    }

    /// What it says next; a failure of the story if it has ended.
    pub async fn hear(&mut self) -> Value {
        match self.program.line().await {
            Some(line) => serde_json::from_str(&line)
                .unwrap_or_else(|error| panic!("{}: {error}: {line}", self.path)),
            None => {
                self.program.within(Duration::from_secs(5));
                panic!("{} ended too early\n{}", self.path, self.program.complaints())
            }
        }
    }

    /// Listens until it has said `"done"`. Whatever it says before shows that it goes on.
    pub async fn finish(mut self) {
        let mut steps = Vec::new();
        loop {
            let said = self.program.line().await;
            match said.as_deref() {
                Some("\"done\"") => return,
                Some(step) => steps.push(step.to_owned()),
                None => {
                    self.program.within(Duration::from_secs(5));
                    let complaints = self.program.complaints();
                    panic!("{} failed after {steps:?}\n{complaints}", self.path)
                }
            }
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.program.close_input();
        self.program.within(Duration::from_secs(5));
    }
}
