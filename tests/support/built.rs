//! The built program, in a process of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::app::{App, Registration};
use super::browser::Browser;
use super::op::http;
use super::program::Program;

/// `vestibule` with these arguments, in a folder, without the variables of whoever runs the tests.
pub fn vestibule(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

/// A running demo, and what it prints.
pub struct Demo {
    pub program: Program,
    pub issuer: String,
    /// Where its application is.
    pub application: String,
    /// The passwords by name.
    pub people: BTreeMap<String, String>,
    client_id: String,
    client_secret: String,
    redirect_uri: String,
}

impl Demo {
    /// Starts it with `data` below the folder, and waits until it has printed how to log in.
    pub async fn start(folder: &Path, port: u16) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut program =
            Program::start(&mut vestibule(folder, &["--data", "data", "--listen", &listen]));
        let mut words = BTreeMap::new();
        let mut people = BTreeMap::new();
        loop {
            let line = program.line().await;
            let line = line.unwrap_or_else(|| panic!("no demo: {}", program.complaints()));
            if line.starts_with("Ctrl-C") {
                break;
            }
            let mut columns =
                line.trim().split("  ").map(str::trim).filter(|word| !word.is_empty());
            let (Some(name), Some(value)) = (columns.next(), columns.next()) else { continue };
            match name {
                "alice" | "bob" | "carol" => people.insert(name.to_owned(), value.to_owned()),
                _ => words.insert(name.to_owned(), value.to_owned()),
            };
        }
        let mut told = |name: &str| words.remove(name).unwrap_or_else(|| panic!("no {name}"));
        Self {
            program,
            issuer: told("Issuer"),
            application: told("Try it"),
            people,
            client_id: told("client_id"),
            client_secret: told("client_secret"),
            redirect_uri: told("redirect_uri"),
        }
    }

    pub fn browser(&self) -> Browser {
        Browser::at(&http().build().unwrap(), &self.issuer)
    }

    /// The confidential application that it offers to whoever wants to try their own.
    pub fn web(&self) -> App {
        let registration =
            Registration::web().with("redirect_uris", json!([self.redirect_uri.clone()]));
        let credentials = (self.client_id.as_str(), self.client_secret.as_str());
        App::registered(&http().build().unwrap(), &self.issuer, credentials, registration)
    }
}
