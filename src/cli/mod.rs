//! The command line: one file per command.
//!
//! A command is a function from its arguments and [`Surroundings`] to an [`Answer`] or a
//! [`Failure`]; printing and exit codes are here alone.

mod answer;
mod backend;
mod check;
mod client;
#[cfg(feature = "database")]
mod consent;
#[cfg(feature = "database")]
mod demo;
mod failure;
mod init;
mod input;
mod key;
mod migrate;
mod openapi;
#[cfg(feature = "database")]
mod people;
mod serve;
mod site;
mod surroundings;
#[cfg(feature = "database")]
mod user;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use answer::Answer;
use failure::Failure;
use surroundings::Surroundings;

/// The configuration, unless `--config` or `VESTIBULE_CONFIG` names another file.
const CONFIG: &str = "vestibule.toml";

#[derive(Parser)]
#[command(
    name = "vestibule",
    version,
    about = "An OpenID Provider with pluggable identity backends",
    long_about = "An OpenID Provider with pluggable identity backends.\n\n\
        Without a command it runs a demo for this machine alone: a provider on port 8080, an application on \
        port 8081, and everything they need in the folder vestibule-data.",
    after_help = "\
Examples:
  vestibule                                         the demo
  vestibule init --issuer https://login.example     a configuration for production, then
  vestibule migrate                                 the tables,
  vestibule user add alice                          somebody who can log in,
  vestibule client add Wiki --redirect-uri https://wiki.example/callback
  vestibule backend try staff --user alice          whether a directory works, step by step
  vestibule serve

Each value of the configuration can be overridden by an environment variable:
VESTIBULE_SERVER__ISSUER for issuer in [server].

Exit code 0 means done, 1 that it could not be done (one sentence on stderr says why), 2 that the
command line was not understood."
)]
struct Arguments {
    /// Configuration file
    #[arg(long, global = true, env = "VESTIBULE_CONFIG", value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
    /// Answer in JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
    #[cfg(feature = "database")]
    #[command(flatten)]
    demo: demo::Arguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve in production
    Serve,
    /// Write a commented production configuration
    Init(init::Arguments),
    /// Say what is wrong with configuration, database, templates and certificate, and how to mend it
    Check,
    /// Make the tables, or bring them up to date
    Migrate,
    /// Try the places where people are known
    #[command(subcommand)]
    Backend(backend::Command),
    /// Register and administer applications
    #[command(subcommand)]
    Client(client::Command),
    /// List and rotate the signing keys
    #[command(subcommand)]
    Key(key::Command),
    /// Add and administer people in Vestibule's own table
    #[cfg(feature = "database")]
    User(user::Arguments),
    /// List and take back what people have allowed applications
    #[cfg(feature = "database")]
    Consent(consent::Arguments),
    /// Print the OpenAPI document of every endpoint
    Openapi(openapi::Arguments),
}

/// Parses the arguments, runs one command, prints its answer.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let as_json = arguments.json;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::from(error)),
    };
    match runtime.block_on(execute(arguments, &mut Surroundings::of_process())) {
        Ok(answer) => {
            // Whoever reads may have heard enough (`| head`).
            let _ = std::io::stdout().write_all(answer.written(as_json).as_bytes());
            if answer.success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "vestibule: {failure}");
    ExitCode::FAILURE
}

async fn execute(arguments: Arguments, surroundings: &mut Surroundings) -> Result<Answer, Failure> {
    let file: &Path = &arguments.config;
    #[cfg(feature = "database")]
    if arguments.command.is_some() && arguments.demo.any() {
        return Err(Failure::new(
            "--data and --listen are for the demo, which is `vestibule` without a command",
        ));
    }
    let Some(command) = arguments.command else {
        #[cfg(feature = "database")]
        return demo::run(arguments.demo, surroundings).await;
        #[cfg(not(feature = "database"))]
        return Err(Failure::new("this build has no demo; `vestibule --help` lists the commands"));
    };
    match command {
        Command::Serve => serve::run(file, surroundings).await,
        Command::Init(arguments) => init::run(&arguments, file),
        Command::Check => check::run(file, surroundings).await,
        Command::Migrate => migrate::run(file, surroundings).await,
        Command::Backend(command) => backend::run(command, file, surroundings).await,
        Command::Client(command) => client::run(command, file, surroundings).await,
        Command::Key(command) => key::run(command, file, surroundings).await,
        Command::Openapi(arguments) => openapi::run(&arguments),
        #[cfg(feature = "database")]
        Command::User(arguments) => user::run(arguments, file, surroundings).await,
        #[cfg(feature = "database")]
        Command::Consent(arguments) => consent::run(arguments, file, surroundings).await,
    }
}

#[cfg(test)]
#[cfg(feature = "database")]
mod tests;
