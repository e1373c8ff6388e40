//! `vestibule openapi`: the document that a server answers at `/openapi.json`, without a configuration.

use std::collections::BTreeMap;

use clap::Args;

use super::answer::Answer;
use super::failure::Failure;
use crate::config::{Issuer, STANDARD_SCOPES};
use crate::http::openapi::Document;

#[derive(Args)]
#[command(after_help = "\
Example:
  vestibule openapi > vestibule.json")]
#[group(skip)]
pub(super) struct Arguments {
    /// Server that the document is of
    #[arg(long, value_name = "URL", default_value = "https://op.example")]
    issuer: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let issuer = Issuer::parse(&arguments.issuer)
        .map_err(|wrong| Failure::new(format!("--issuer {wrong}")))?;
    let document = Document::new(issuer.as_str(), &standard_scopes());
    Ok(Answer::new(document.text(), document.value().clone()))
}

fn standard_scopes() -> BTreeMap<String, String> {
    STANDARD_SCOPES.map(|(name, words)| (name.to_owned(), words.to_owned())).into()
}
