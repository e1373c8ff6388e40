//! The commented production configuration that `vestibule init` writes.
//!
//! Every option stands in it: what must be chosen as a line in force, what has a default as a comment.

use std::fmt::Write;

use super::backend;
use super::option::{Default, Described};

/// The text of a file. `given` are the options in force, as name and TOML value
/// (`("server.issuer", "\"https://login.example\"")`).
pub fn sample(given: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "# Configuration of Vestibule. Lines with one # before a name show the default.\n\
         # `vestibule check` says what is wrong with this file. Each value can be overridden by an\n\
         # environment variable: VESTIBULE_SERVER__ISSUER for issuer in [server].\n",
    );
    for (name, about, options) in super::sections() {
        let header =
            if name == "backend" { "# [[backend]]".to_owned() } else { format!("[{name}]") };
        // Writing to a String does not fail.
        let _ = write!(text, "\n{}{header}\n", comment(about));
        for option in options {
            text.push_str(&entry(option, given));
        }
        if name == "backend" {
            text.push_str(backend::EXAMPLE);
        }
    }
    text
}

fn entry(option: &Described, given: &[(&str, &str)]) -> String {
    let name = option.name();
    let file = format!("{name}_file");
    let line = given.iter().find(|(given, _)| *given == name || *given == file).map_or_else(
        || match option.default {
            Default::Toml(value) => format!("# {} = {value}", option.key),
            Default::Required | Default::Absent => format!("# {} =", option.key),
        },
        |(given, value)| {
            let key = given.rsplit_once('.').map_or(*given, |(_, key)| key);
            format!("{key} = {value}")
        },
    );
    format!("\n{}{line}\n", comment(option.meaning))
}

/// The text as comment lines of at most 100 characters.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + word.len() + 1 > 100 {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}
