//! `vestibule openapi`: the document that a server answers at `/openapi.json`.
//!
//! It is made from the code that serves, so for the length of this command there is a provider, over
//! a database that is thrown away.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use poem::http::{StatusCode, Uri};
use poem::{Endpoint, Request};
use serde_json::Value;

use super::answer::Answer;
use super::failure::Failure;
use super::init::{quoted, sqlite};
use super::site;
use super::surroundings::Surroundings;
use crate::config::Config;
use crate::http::opening::Options;
use crate::http::provider::Provider;
use crate::secret;

#[derive(Args)]
#[command(after_help = "\
Example:
  vestibule openapi > vestibule.json")]
#[group(skip)]
pub(super) struct Arguments {
    /// Server that the document is of
    #[arg(long, value_name = "URL", default_value = "https://login.example")]
    issuer: String,
}

pub(super) async fn run(
    arguments: &Arguments,
    surroundings: &Surroundings,
) -> Result<Answer, Failure> {
    let folder = Throwaway::new()?;
    let text = format!(
        "[server]\nissuer = {}\n[database]\nurl = {}\n[keys]\nmaster_key = \"{}\"\n",
        quoted(&arguments.issuer),
        quoted(&sqlite(&folder.0.join("vestibule.db"))),
        secret::token(),
    );
    let config = Config::parse("--issuer", &text, [])?;
    let storage = site::database(&config).await?;
    storage.migrate().await?;
    let sealer = site::sealer(&config)?;
    let options = Options { clock: surroundings.clock.clone(), ..Options::default() };
    let provider = Provider::open(config, storage, sealer, options).await?;
    let endpoint = crate::http::endpoint(&provider)?;

    let request = Request::builder().uri(Uri::from_static("/openapi.json")).finish();
    let response = endpoint.get_response(request).await;
    if response.status() != StatusCode::OK {
        return Err(Failure::new(format!("/openapi.json was answered {}", response.status())));
    }
    let text = response.into_body().into_string().await?;
    let json: Value = serde_json::from_str(&text)?;
    Ok(Answer::new(text, json))
}

/// A folder that is gone when the command is over.
struct Throwaway(PathBuf);

impl Throwaway {
    fn new() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("vestibule-{}", secret::id()));
        let made = fs::create_dir(&folder);
        made.map_err(|error| {
            Failure::new(format!("{} cannot be made: {error}", folder.display()))
        })?;
        Ok(Self(folder))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
