//! The operator's log: one event, one line; text for people on a terminal, JSON for machines elsewhere.
//!
//! *Why lines of our own:* the formatters of tracing-subscriber let line breaks through in text, and in
//! both forms the characters that reorder or hide what a terminal shows. Whatever is logged here,
//! a name that someone typed included, can neither forge a line nor a part of one.
//!
//! Secrets are kept out by their types, which do not print, and by two rules here: other crates are
//! not heard at trace level, where some print what they read and write, and a panic's message is
//! logged only if it is a literal, as others quote the text that they stumbled over.

mod escape;
mod lines;

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, FilterExt, ParseError, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};

use crate::config::Format;
use lines::Lines;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text { colours: bool },
    Json,
}

impl Form {
    /// Text on a terminal, with colours unless `NO_COLOR` is set; JSON elsewhere.
    pub fn auto() -> Self {
        if io::stderr().is_terminal() { Self::text() } else { Self::Json }
    }

    pub fn text() -> Self {
        let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self::Text { colours }
    }
}

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Auto => Self::auto(),
            Format::Text => Self::text(),
            Format::Json => Self::Json,
        }
    }
}

/// A log that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(
        "log filter {filter:?} is not understood: {source}; an example is \"info,vestibule::http=debug\""
    )]
    Filter { filter: String, source: ParseError },
    #[error("the log is already open")]
    Open(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Logs to stderr from now on, panics included.
pub fn open(form: Form, filter: &str) -> Result<(), LogError> {
    let layer = layer(form, filter, io::stderr)?;
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    std::panic::set_hook(Box::new(note_panic));
    Ok(())
}

/// The same for a writer of the caller's: what [`open`] logs to stderr.
pub fn layer<S, W>(
    form: Form,
    filter: &str,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> Result<impl Layer<S>, LogError>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    W: io::Write + 'static,
{
    let wanted = EnvFilter::try_new(filter)
        .map_err(|source| LogError::Filter { filter: filter.to_owned(), source })?;
    let discreet =
        filter_fn(|of| of.target().starts_with("vestibule") || *of.level() != Level::TRACE);
    Ok(Lines::new(form, writer).with_filter(wanted.and(discreet)))
}

/// Text of others, fit to be printed: it can neither move the cursor nor reorder or forge a line.
pub fn harmless(text: &str) -> String {
    let mut line = String::new();
    escape::sentence(&mut line, text);
    line
}

fn note_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message =
        panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not a literal)");
    tracing::error!(place, message, "panicked");
}

#[cfg(test)]
mod tests;
