//! `[log]`: what is logged and how.

use super::option::Default::Toml;
use super::option::section;
use super::value::{Kind, Value};

section! {
    /// What is logged and how.
    Log at "log" {
        /// "text" for people, "json" for machines, "auto" for text on a terminal and JSON elsewhere.
        format: Format = Toml(r#""auto""#),
        /// Least level to log ("error", "warn", "info", "debug", "trace"), also by module: "info,vestibule::http=debug".
        filter: String = Toml(r#""info""#),
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Auto,
    Text,
    Json,
}

impl Value for Format {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("auto") => Ok(Self::Auto),
            Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            _ => Err(r#"must be "auto", "text" or "json""#.to_owned()),
        }
    }
}
