//! Standard input, where passwords are read.

use std::io::{self, BufRead, IsTerminal, Write};
#[cfg(feature = "database")]
use std::path::Path;

use vestibule_plugin::{BadPassword, Password};
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

    #[cfg(feature = "database")]
    pub(super) fn empty() -> Self {
        Self { reader: Box::new(io::empty()), terminal: false }
    }

    /// A password that exists already: asked for once, or the next line of standard input. `whose` it
    /// is stands in the question.
    pub(super) fn present_password(&mut self, whose: &str) -> Result<Password, Failure> {
        let text = if self.terminal {
            Zeroizing::new(rpassword::prompt_password(format!("Password of {whose}: "))?)
        } else {
            self.line()?
        };
        parse(&text).map_err(|wrong| {
            Failure::new(format!("the password of {whose} is not usable: {wrong}"))
        })
    }

    /// Tells whoever sits there something before they type.
    pub(super) fn warn(&self, sentence: &str) {
        if self.terminal {
            let _ = writeln!(io::stderr(), "{sentence}");
        }
    }

    fn line(&mut self) -> Result<Zeroizing<String>, Failure> {
        let mut line = Zeroizing::new(String::new());
        self.reader.read_line(&mut line)?;
        Ok(line)
    }

    /// A new password: from the file, if one is named; from the person at the terminal, asked twice; or
    /// the first line of standard input. Never from an argument, which other users of the machine
    /// could see.
    #[cfg(feature = "database")]
    pub(super) fn password(&mut self, file: Option<&Path>) -> Result<Password, Failure> {
        let text = match file {
            Some(file) => Zeroizing::new(std::fs::read_to_string(file).map_err(|error| {
                Failure::new(format!("{} cannot be read: {error}", file.display()))
            })?),
            None if self.terminal => ask_twice()?,
            None => self.line()?,
        };
        parse(&text).map_err(|wrong| {
            Failure::new(format!(
                "{wrong}; write it to standard input or name its file with --password-file"
            ))
        })
    }
}

/// The first line.
fn parse(text: &str) -> Result<Password, BadPassword> {
    Password::parse(text.split(['\r', '\n']).next().unwrap_or_default().to_owned())
}

#[cfg(feature = "database")]
fn ask_twice() -> Result<Zeroizing<String>, Failure> {
    let first = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let second = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
    if first == second {
        Ok(first)
    } else {
        Err(Failure::new("the two passwords differ; nothing was changed"))
    }
}
