//! What a command finds around it, as a value: tests lay out their own.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use vestibule_plugin::Password;
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::clock::Clock;

/// Environment, standard input and time.
pub(super) struct Surroundings {
    pub(super) variables: Vec<(String, String)>,
    pub(super) input: Box<dyn BufRead + Send>,
    /// Whether a person sits at the input and can be asked.
    pub(super) terminal: bool,
    pub(super) clock: Clock,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            variables,
            input: Box::new(io::BufReader::new(io::stdin())),
            terminal: io::stdin().is_terminal(),
            clock: Clock::system(),
        }
    }

    /// Nothing but the time.
    pub(super) fn silent(clock: Clock) -> Self {
        Self { variables: Vec::new(), input: Box::new(io::empty()), terminal: false, clock }
    }

    /// A password: from the file, if one is named; from the person at the terminal, asked twice; or
    /// the first line of standard input. Never from an argument, which other users of the machine
    /// could see.
    pub(super) fn password(&mut self, file: Option<&Path>) -> Result<Password, Failure> {
        let text = match file {
            Some(file) => Zeroizing::new(std::fs::read_to_string(file).map_err(|error| {
                Failure::new(format!("{} cannot be read: {error}", file.display()))
            })?),
            None if self.terminal => ask_twice()?,
            None => {
                let mut line = Zeroizing::new(String::new());
                self.input.read_line(&mut line)?;
                line
            }
        };
        let text = text.split(['\r', '\n']).next().unwrap_or_default();
        Password::parse(text.to_owned()).map_err(|wrong| {
            Failure::new(format!(
                "{wrong}; write it to standard input or name its file with --password-file"
            ))
        })
    }
}

fn ask_twice() -> Result<Zeroizing<String>, Failure> {
    let first = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let second = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
    if first == second {
        Ok(first)
    } else {
        Err(Failure::new("the two passwords differ; nothing was changed"))
    }
}
