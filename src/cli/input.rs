//! Standard input, where passwords are read.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use vestibule_plugin::Password;
use zeroize::Zeroizing;

use super::failure::Failure;

/// What can be read, and from whom.
pub(super) struct Input {
    pub(super) reader: Box<dyn BufRead + Send>,
    /// Whether a person sits there and can be asked.
    pub(super) terminal: bool,
}

impl Input {
    /// That of this process.
    pub(super) fn of_process() -> Self {
        let terminal = io::stdin().is_terminal();
        Self { reader: Box::new(io::BufReader::new(io::stdin())), terminal }
    }

    pub(super) fn empty() -> Self {
        Self { reader: Box::new(io::empty()), terminal: false }
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
                self.reader.read_line(&mut line)?;
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
