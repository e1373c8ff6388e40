//! The command-line tools of the directories: `ldapmodify`, `samba-tool` and their like.

use std::io::Write;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::spawn_blocking;

/// A directory as its administrator reaches it.
#[derive(Clone)]
pub(crate) struct Administrator {
    pub(crate) url: String,
    pub(crate) dn: &'static str,
    pub(crate) password: &'static str,
    pub(crate) ca: PathBuf,
}

impl Administrator {
    /// One of OpenLDAP's tools, bound with this name.
    pub(crate) fn tool_as(&self, name: &str, dn: &str, password: &str) -> Command {
        let mut command = Command::new(name);
        command.env("LDAPTLS_CACERT", &self.ca);
        command.args(["-x", "-H", &self.url, "-D", dn, "-w", password]);
        command
    }

    pub(crate) fn tool(&self, name: &str) -> Command {
        self.tool_as(name, self.dn, self.password)
    }

    pub(crate) async fn change(&self, ldif: &str, options: &[&str]) {
        let (mut command, ldif) = (self.tool("ldapmodify"), ldif.to_owned());
        command.args(options);
        aside(move || run(&mut command, &ldif)).await;
    }

    /// Changes attributes of one entry: `replace: mail`, `mail: new@example.test`, a line each.
    pub(crate) async fn modify(&self, dn: &str, lines: &[&str], options: &[&str]) {
        let ldif = format!("dn: {dn}\nchangetype: modify\n{}\n", lines.join("\n"));
        self.change(&ldif, options).await;
    }

    /// Gives an entry another name, below another entry.
    pub(crate) async fn rename(&self, dn: &str, name: &str, below: &str) {
        let how = format!("newrdn: {name}\ndeleteoldrdn: 1\nnewsuperior: {below}");
        self.change(&format!("dn: {dn}\nchangetype: modrdn\n{how}\n"), &[]).await;
    }

    pub(crate) async fn entry(&self, dn: &str) -> String {
        let mut command = self.tool("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", dn, "*", "+"]);
        aside(move || run(&mut command, "")).await
    }

    pub(crate) async fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        let prefix = format!("{attribute}: ");
        let entry = self.entry(dn).await;
        entry.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
    }

    pub(crate) async fn accepts(&self, dn: &str, password: &str) -> bool {
        let mut command = self.tool_as("ldapsearch", dn, password);
        command.args(["-s", "base", "-b", ""]);
        aside(move || output(&mut command, "").status.success()).await
    }
}

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

/// The folder that a variable names, of a server that `tests/run` has started.
pub(crate) fn folder(variable: &str, server: &str) -> PathBuf {
    let folder = std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: tests/run starts {server} and sets it"));
    PathBuf::from(folder)
}

/// A name that no other test takes, of at most twenty letters if this has eight.
pub(crate) fn fresh_name(begin: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{begin}-{:x}-{:x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
