//! The program itself, as whoever starts it meets it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// A working directory of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("vestibule-binary-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command.current_dir(&self.0).args(line.split_whitespace()).stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running demo; killed at the end, if not before.
struct Demo {
    child: Child,
    /// What it printed.
    greeting: String,
}

impl Demo {
    fn start(folder: &Folder, port: u16) -> Self {
        let line = format!("--data data --listen 127.0.0.1:{port}");
        let mut child =
            folder.command(&line).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut greeting = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let last = line.starts_with("Ctrl-C");
            greeting.push_str(&line);
            greeting.push('\n');
            if last {
                break;
            }
        }
        Self { child, greeting }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two ports in a row that nobody listens on, below those that the kernel hands out to clients.
fn ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 4000).unwrap();
    loop {
        let port = 20_000 + (begin + NEXT.fetch_add(2, Ordering::Relaxed)) % 12_000;
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free(port) && free(port + 1) {
            return port;
        }
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn serving_without_a_configuration_is_one_sentence_and_exit_code_1() {
    let folder = Folder::new("none");
    let output = folder.run("serve");
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    assert!(told.contains("vestibule.toml") && told.contains("vestibule init"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(stdout(&output).is_empty());
}

#[test]
fn a_port_in_use_is_one_sentence_and_exit_code_1() {
    let folder = Folder::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let output = folder.run(&format!("--listen {}", taken.local_addr().unwrap()));
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    assert!(told.contains("another program uses this port"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn the_demo_keeps_everything_when_it_is_killed() {
    let folder = Folder::new("killed");
    let port = ports();
    let demo = Demo::start(&folder, port);
    assert!(demo.greeting.contains(&format!("http://127.0.0.1:{port}")), "{}", demo.greeting);
    let config = "--config data/vestibule.toml";
    let added = folder
        .run(&format!("{config} client add Mine --id mine --redirect-uri http://127.0.0.1:3000/"));
    assert!(added.status.success(), "{}", stderr(&added));
    demo.signal("-KILL");
    let greeting = demo.greeting.clone();
    drop(demo);

    let demo = Demo::start(&folder, port);
    assert_eq!(demo.greeting, greeting, "passwords are kept");
    let shown = folder.run(&format!("{config} client show mine --json"));
    assert!(shown.status.success(), "{}", stderr(&shown));
}

#[test]
fn a_signal_ends_the_demo_in_order() {
    let folder = Folder::new("signal");
    let mut demo = Demo::start(&folder, ports());
    demo.signal("-TERM");
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_scripts_read_is_json() {
    let folder = Folder::new("json");
    let output = folder.run("init --issuer https://login.example --json");
    let value: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let file = value["master_key_file"].as_str().unwrap();
    assert!(Path::new(file).exists(), "{file}");
    let checked = folder.run("check --json");
    assert_eq!(checked.status.code(), Some(1));
    let value: serde_json::Value = serde_json::from_str(&stdout(&checked)).unwrap();
    assert_eq!(value["success"], false);
}
