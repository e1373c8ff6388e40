//! `vestibule migrate`: brings the tables up to date.

use std::path::Path;

use serde_json::json;

use super::answer::Answer;
use super::failure::Failure;
use super::site::{configuration, database, pending};
use super::surroundings::Surroundings;

pub(super) async fn run(file: &Path, surroundings: &Surroundings) -> Result<Answer, Failure> {
    let config = configuration(file, surroundings)?;
    let storage = database(&config).await?;
    let made = pending(&storage).await?;
    storage.migrate().await?;
    let text = match made.len() {
        0 => "The database was up to date.".to_owned(),
        _ => format!("Made {} changes:\n  {}", made.len(), made.join("\n  ")),
    };
    Ok(Answer::new(text, json!({ "applied": made })))
}
