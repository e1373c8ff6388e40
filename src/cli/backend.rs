//! `vestibule backend`: the places where people are known, tried before anybody depends on them.
//!
//! The commands read the backends of the configuration and nothing else of it: they work where the
//! rest is not written yet, no database can be reached and the master key may not be read. Only a
//! backend that keeps its people in our own database needs that.

mod elsewhere;
mod health;
mod refusal;
mod sample;
pub(super) mod steps;
mod trial;

use std::path::Path;

use clap::Subcommand;

use super::answer::Answer;
use super::failure::Failure;
use super::site::{self, Site, misconfigured};
use super::surroundings::Surroundings;
use crate::config::Backend;
use crate::http::opening::backend_settings;
use crate::identity::BackendSettings;
use crate::identity::rehearsals::{self, Candidate};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Find a person, step by step, and log them in with --password-prompt
    Try(trial::Arguments),
    /// Ask every host of every backend whether it answers
    Health,
    /// Look at a few people of a backend: what they have, and what is made of it
    Sample {
        /// Name of the backend
        name: String,
    },
}

pub(super) async fn run(
    command: Command,
    file: &Path,
    surroundings: &mut Surroundings,
) -> Result<Answer, Failure> {
    let stage = Stage::read(file, surroundings)?;
    match command {
        Command::Try(arguments) => trial::run(arguments, &stage, surroundings).await,
        Command::Health => health::run(&stage, surroundings).await,
        Command::Sample { name } => sample::run(&name, &stage, surroundings).await,
    }
}

/// The configured backends, none of them open yet.
struct Stage<'a> {
    file: &'a Path,
    backends: Vec<Backend>,
    settings: Vec<BackendSettings>,
}

impl<'a> Stage<'a> {
    fn read(file: &'a Path, surroundings: &Surroundings) -> Result<Self, Failure> {
        let backends = site::backends(file, surroundings)?;
        let settings = backend_settings(&backends);
        Ok(Self { file, backends, settings })
    }

    fn named(&self, name: &str) -> Result<&BackendSettings, Failure> {
        self.settings.iter().find(|backend| backend.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.settings.iter().map(|one| one.name.as_str()).collect();
            Failure::new(format!(
                "no [[backend]] has the name {name}; there are: {}",
                known.join(", ")
            ))
        })
    }

    async fn open(
        &self,
        settings: &BackendSettings,
        surroundings: &Surroundings,
    ) -> Result<Candidate, Failure> {
        let storage = if rehearsals::needs_storage(&settings.kind) {
            Some(Site::open(self.file, surroundings).await?.storage)
        } else {
            None
        };
        Candidate::open(settings, storage.as_ref())
            .map_err(|wrong| misconfigured(&self.backends, &wrong))
    }
}
