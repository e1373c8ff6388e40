//! Reading one option: its form, and the sentence that refuses a wrong one. No sentence repeats a
//! value that could be a secret.

use std::fs;
use std::time::Duration;

use serde_json::{Map, Value};
use vestibule_plugin::Password;
use zeroize::Zeroizing;

/// An option whose value will not do: which, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` {remedy}")]
pub struct BadOption {
    option: String,
    remedy: String,
}

impl BadOption {
    pub(crate) fn new(option: &str, remedy: impl Into<String>) -> Self {
        Self { option: option.to_owned(), remedy: remedy.into() }
    }
}

/// The options of one backend.
pub(super) struct Options<'a>(pub(super) &'a Map<String, Value>);

impl Options<'_> {
    pub(super) fn has(&self, option: &str) -> bool {
        self.0.contains_key(option)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, option: &str) -> Result<Option<String>, BadOption> {
        match self.0.get(option) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(BadOption::new(option, "must be a text that is not empty")),
        }
    }

    /// A text, or a list of them.
    pub(super) fn texts(&self, option: &str) -> Result<Option<Vec<String>>, BadOption> {
        let Some(value) = self.0.get(option) else { return Ok(None) };
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        match texts {
            Some(texts) if !texts.is_empty() && texts.iter().all(|text| !text.is_empty()) => {
                Ok(Some(texts))
            }
            _ => {
                Err(BadOption::new(option, "must be a text or a list of texts, none of them empty"))
            }
        }
    }

    pub(super) fn truth(&self, option: &str, default: bool) -> Result<bool, BadOption> {
        match self.0.get(option) {
            None => Ok(default),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(_) => Err(BadOption::new(option, "must be true or false")),
        }
    }

    pub(super) fn number(
        &self,
        option: &str,
        least: u32,
        most: u32,
    ) -> Result<Option<usize>, BadOption> {
        let Some(value) = self.0.get(option) else { return Ok(None) };
        value
            .as_u64()
            .filter(|number| (u64::from(least)..=u64::from(most)).contains(number))
            .and_then(|number| usize::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| {
                BadOption::new(option, format!("must be a number from {least} to {most}"))
            })
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &self,
        option: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, BadOption> {
        let Some(value) = self.0.get(option) else { return Ok(None) };
        let known = value.as_str().and_then(|text| words.iter().find(|(word, _)| *word == text));
        known.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let words: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            BadOption::new(option, format!("must be one of {}", words.join(", ")))
        })
    }

    /// `2s`, `500ms`, `1m`; from a tenth of a second to five minutes.
    pub(super) fn duration(&self, option: &str, default: Duration) -> Result<Duration, BadOption> {
        let Some(value) = self.0.get(option) else { return Ok(default) };
        value
            .as_str()
            .and_then(duration)
            .filter(|duration| {
                (Duration::from_millis(100)..=Duration::from_secs(300)).contains(duration)
            })
            .ok_or_else(|| {
                BadOption::new(
                    option,
                    "must be a time from 100ms to 5m, as a text: \"500ms\", \"2s\", \"1m\"",
                )
            })
    }

    /// A password, in the configuration or in a file of its own.
    pub(super) fn secret(&self, option: &str, file: &str) -> Result<Option<Password>, BadOption> {
        let secret = match (self.text(option)?, self.text(file)?) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(BadOption::new(
                    option,
                    format!("stands beside `{file}`; take one of them out"),
                ));
            }
            (Some(secret), None) => Password::parse(secret),
            (None, Some(path)) => {
                let text = fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| {
                    BadOption::new(file, format!("names {path}, which cannot be read: {error}"))
                })?;
                // Editors end a file with a line break; a password does not.
                Password::parse(text.trim_end_matches(['\r', '\n']).to_owned())
            }
        };
        let named = if self.has(option) { option } else { file };
        secret
            .map(Some)
            .map_err(|error| BadOption::new(named, format!("will not do as a password: {error}")))
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    }
}
