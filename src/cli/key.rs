//! `vestibule key`: the signing keys, and the master key that protects them.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::answer::{Answer, table};
use super::failure::Failure;
use super::site::Site;
use super::surroundings::Surroundings;
use crate::http::opening::key_settings;
use crate::keys::{Keys, Listed, State, reseal};
use crate::protocol::{Algorithm, Timestamp};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the signing keys and what each is for
    List,
    /// Publish the next signing keys, or encrypt everything under a new master key
    Rotate(Rotation),
}

#[derive(Args)]
#[command(after_help = "\
Without arguments, a next key of every algorithm is published; it signs once keys.publish_ahead has
passed, and the present one stays published while its tokens live.

To replace the master key:
  1. put the present key into keys.former_master_key and 32 new random bytes
     (openssl rand -base64 32) into keys.master_key, and restart every node;
  2. run `vestibule key rotate --master`;
  3. remove keys.former_master_key and restart every node.")]
pub(super) struct Rotation {
    /// Only keys of this algorithm (repeatable)
    #[arg(long = "algorithm", value_name = "ALG", conflicts_with = "master")]
    algorithms: Vec<Algorithm>,
    /// Encrypt anew, under keys.master_key, what keys.former_master_key encrypted
    #[arg(long)]
    master: bool,
}

pub(super) async fn run(
    command: Command,
    file: &Path,
    surroundings: &Surroundings,
) -> Result<Answer, Failure> {
    let site = Site::open(file, surroundings).await?;
    match command {
        Command::List => Ok(listed(&open(&site).await?, site.now)),
        Command::Rotate(Rotation { master: true, .. }) => rotate_master(&site).await,
        Command::Rotate(Rotation { algorithms, .. }) => rotate(&site, algorithms).await,
    }
}

async fn open(site: &Site) -> Result<Keys, Failure> {
    let settings = key_settings(&site.config);
    Ok(Keys::open(site.storage.clone(), site.sealer()?, settings, site.now).await?)
}

async fn rotate(site: &Site, mut algorithms: Vec<Algorithm>) -> Result<Answer, Failure> {
    let configured = key_settings(&site.config).algorithms;
    if let Some(unknown) = algorithms.iter().find(|algorithm| !configured.contains(algorithm)) {
        return Err(Failure::new(format!(
            "--algorithm {0}: add {0} to keys.algorithms first",
            unknown.as_str()
        )));
    }
    if algorithms.is_empty() {
        algorithms = configured;
    }
    let keys = open(site).await?;
    keys.rotate(&algorithms, site.now).await?;
    Ok(listed(&keys, site.now))
}

async fn rotate_master(site: &Site) -> Result<Answer, Failure> {
    if site.config.keys.former_master_key.is_none() {
        return Err(Failure::new(
            "keys.former_master_key is missing: put the present key there and a new one into keys.master_key first \
             (see `vestibule key rotate --help`)",
        ));
    }
    let resealed = reseal(&site.storage, &site.sealer()?).await?;
    if let Some((what, id)) = resealed.refused.first() {
        return Err(Failure::new(format!(
            "{} were encrypted anew, but neither master key opens {} others, {what} {id} among them; \
             is keys.former_master_key the key before this one?",
            resealed.renewed,
            resealed.refused.len()
        )));
    }
    let text = format!(
        "Encrypted {} secrets anew. Remove keys.former_master_key and restart every node.",
        resealed.renewed
    );
    Ok(Answer::new(text, json!({ "renewed": resealed.renewed })))
}

fn listed(keys: &Keys, now: Timestamp) -> Answer {
    let list = keys.list(now);
    let rows: Vec<Vec<String>> = list
        .iter()
        .map(|key| {
            vec![
                key.kid.clone(),
                key.algorithm.as_str().to_owned(),
                state(key).to_owned(),
                date(key.activates_at),
            ]
        })
        .collect();
    let json = list
        .iter()
        .map(|key| {
            json!({
                "kid": key.kid,
                "algorithm": key.algorithm.as_str(),
                "generation": key.generation,
                "state": state(key),
                "created_at": key.created_at.seconds(),
                "activates_at": key.activates_at.seconds(),
                "superseded_at": key.superseded_at.map(Timestamp::seconds),
            })
        })
        .collect();
    Answer::new(table(&["KID", "ALGORITHM", "STATE", "SIGNS FROM"], &rows), Value::Array(json))
}

fn state(key: &Listed) -> &'static str {
    match key.state {
        State::Next => "next",
        State::Signing => "signing",
        State::Published => "published",
        State::Retired => "retired",
    }
}

fn date(at: Timestamp) -> String {
    let date = OffsetDateTime::from_unix_timestamp(at.seconds()).ok();
    date.and_then(|date| date.format(&Rfc3339).ok()).unwrap_or_default()
}
