//! `vestibule consent`: what people have allowed applications to have.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::answer::{Answer, table};
use super::client;
use super::failure::Failure;
use super::people::{self, named};
use super::site::Site;
use super::surroundings::Surroundings;
use crate::storage::{account, clients, consents};

#[derive(Args)]
pub(super) struct Arguments {
    /// Backend that keeps the person; the first of type "database", if not given
    #[arg(long, global = true, value_name = "NAME")]
    backend: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what someone has allowed
    List { username: String },
    /// Take it back from an application, and end what it was granted, offline access too
    Remove {
        username: String,
        /// Id of the application
        client: String,
    },
}

pub(super) async fn run(
    arguments: Arguments,
    file: &Path,
    surroundings: &Surroundings,
) -> Result<Answer, Failure> {
    let site = Site::open(file, surroundings).await?;
    let backend = people::backend(&site, arguments.backend.as_deref())?;
    match arguments.command {
        Command::List { username } => {
            let account = people::account(&site, backend, &named(&username)?).await?;
            list(&site, account.as_ref()).await
        }
        Command::Remove { username, client } => {
            let account = people::account(&site, backend, &named(&username)?).await?;
            remove(&site, &username, account.as_ref(), &client).await
        }
    }
}

/// Whoever has never logged in has allowed nothing.
async fn list(site: &Site, account: Option<&account::Model>) -> Result<Answer, Failure> {
    let consents = match account {
        Some(account) => consents::list(&site.storage, &account.id).await?,
        None => Vec::new(),
    };
    let mut rows = Vec::new();
    let mut json = Vec::new();
    for consent in consents {
        let claims: Vec<String> = serde_json::from_str(&consent.claims)?;
        json.push(json!({
            "client_id": consent.client_id,
            "scope": consent.scope,
            "claims": claims,
            "granted_at": consent.granted_at.seconds(),
        }));
        rows.push(vec![consent.client_id, consent.scope, claims.join(" ")]);
    }
    Ok(Answer::new(table(&["CLIENT", "SCOPE", "CLAIMS"], &rows), Value::Array(json)))
}

/// A trusted application is granted what it asks for without a consent; what it has ends as well.
async fn remove(
    site: &Site,
    username: &str,
    account: Option<&account::Model>,
    client_id: &str,
) -> Result<Answer, Failure> {
    let storage = &site.storage;
    if clients::find(storage, client_id).await?.is_none() {
        return Err(client::unknown(client_id));
    }
    let removed = match account {
        Some(account) => {
            consents::remove(storage, &account.id, client_id, site.everything_over()).await?
        }
        None => false,
    };
    let consent = if removed { "Consent is taken back" } else { "There was no consent" };
    let text = format!("{consent}; {client_id} has no grant of {username} any more.");
    let json = json!({ "username": username, "client_id": client_id, "removed": removed });
    Ok(Answer::new(text, json))
}
