//! `vestibule init`: writes a commented production configuration and the file of its master key.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use url::Url;

use super::answer::Answer;
use super::failure::Failure;
use crate::config::{Issuer, sample};
use crate::secret;

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule init --issuer https://login.example
  vestibule init --issuer https://login.example --database postgres://vestibule:secret@db/vestibule
  vestibule --config /etc/vestibule/vestibule.toml init --issuer https://login.example")]
pub(super) struct Arguments {
    /// Scheme, host and port under which everyone reaches the server
    #[arg(long, value_name = "URL", value_parser = issuer)]
    issuer: String,
    /// Database; an SQLite file beside the configuration, if not given
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

fn issuer(text: &str) -> Result<String, &'static str> {
    Issuer::parse(text).map(|issuer| issuer.as_str().to_owned())
}

pub(super) fn run(arguments: &Arguments, config: &Path) -> Result<Answer, Failure> {
    let folder = folder(config)?;
    let key = folder.join("master.key");
    let database =
        arguments.database.clone().unwrap_or_else(|| sqlite(&folder.join("vestibule.db")));
    let text = sample(&[
        ("server.issuer", &quoted(&arguments.issuer)),
        ("database.url", &quoted(&database)),
        ("keys.master_key_file", &quoted(&key.display().to_string())),
    ]);
    for path in [config, &key] {
        if path.exists() {
            return Err(Failure::new(format!(
                "{} exists already and stays as it is; remove it or name another file with --config",
                path.display()
            )));
        }
    }
    write_private(&key, &format!("{}\n", secret::token()))?;
    write_private(config, &text)?;
    let (config, key) = (config.display().to_string(), key.display().to_string());
    let text = format!(
        "Wrote {config}\nand   {key}: keep a copy in a safe place, everything encrypted is lost without it.\n\n\
         Next:\n  \
         vestibule --config {config} check      says what is still wrong\n  \
         vestibule --config {config} migrate    makes the tables\n  \
         vestibule --config {config} user add alice\n  \
         vestibule --config {config} client add \"My application\" --redirect-uri https://app.example/callback\n  \
         vestibule --config {config} serve"
    );
    Ok(Answer::new(text, json!({ "config": config, "master_key_file": key })))
}

/// The folder of the file, absolute, as the server may be started elsewhere.
fn folder(file: &Path) -> Result<PathBuf, Failure> {
    let folder = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    folder.canonicalize().map_err(|error| {
        Failure::new(format!("folder {} cannot be used: {error}", folder.display()))
    })
}

/// The URL of an SQLite file.
pub(super) fn sqlite(file: &Path) -> String {
    match Url::from_file_path(file) {
        Ok(url) => format!("sqlite{}", url.as_str().trim_start_matches("file")),
        Err(()) => format!("sqlite://{}", file.display()),
    }
}

/// The text as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Writes a new file that its owner alone can read.
pub(super) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
}
