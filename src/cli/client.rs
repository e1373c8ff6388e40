//! `vestibule client`: the registered applications.

mod registration;

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use super::answer::{Answer, table};
use super::failure::Failure;
use super::site::Site;
use super::surroundings::Surroundings;
use crate::protocol::Client;
use crate::protocol::client::SecretHash;
use crate::seal::Purpose;
use crate::secret;
use crate::storage::clients;

pub(super) use registration::Registration;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Register an application
    Add(Box<Registration>),
    /// List all applications
    List,
    /// Show everything that one is registered with
    Show { id: String },
    /// Refuse an application until it is enabled again
    Disable { id: String },
    /// Admit an application again
    Enable { id: String },
    /// Forget an application, its consents, grants and tokens
    Remove { id: String },
}

pub(super) async fn run(
    command: Command,
    file: &Path,
    surroundings: &Surroundings,
) -> Result<Answer, Failure> {
    let site = Site::open(file, surroundings).await?;
    match command {
        Command::Add(registration) => add(&site, *registration).await,
        Command::List => list(&site).await,
        Command::Show { id } => show(&site, &id).await,
        Command::Disable { id } => set_disabled(&site, &id, true).await,
        Command::Enable { id } => set_disabled(&site, &id, false).await,
        Command::Remove { id } => remove(&site, &id).await,
    }
}

async fn add(site: &Site, registration: Registration) -> Result<Answer, Failure> {
    let id = registration.id.clone().unwrap_or_else(secret::id);
    if clients::find(&site.storage, &id).await?.is_some() {
        return Err(Failure::new(format!(
            "a client with the id {id} exists already; choose another --id"
        )));
    }
    let secret = (!registration.is_public()).then(secret::token);
    let client = registration.client(id, secret.as_deref().map(SecretHash::of))?;
    put(site, &client, secret.as_deref()).await?;

    let mut text = format!("client_id      {}\n", client.client_id);
    let mut json = metadata(&client);
    if let (Some(secret), Some(members)) = (secret, json.as_object_mut()) {
        text.push_str(&format!(
            "client_secret  {secret}\n\nThe secret is shown this once; it cannot be recovered.\n"
        ));
        members.insert("client_secret".to_owned(), Value::String(secret));
    }
    Ok(Answer::new(text, json))
}

/// Stores a client; its secret in a readable form too, if it is what ID Tokens are signed with.
pub(super) async fn put(site: &Site, client: &Client, secret: Option<&str>) -> Result<(), Failure> {
    for (flag, algorithm) in [
        ("--id-token-alg", client.id_token_signed_response_alg),
        ("--access-token-alg", client.access_token_signed_response_alg),
    ] {
        let name = algorithm.as_str();
        if !algorithm.is_symmetric() && !site.config.keys.algorithms.iter().any(|own| own == name) {
            return Err(Failure::new(format!(
                "{flag} {name}: there is no such key; add {name} to keys.algorithms"
            )));
        }
    }
    let known = site.config.authorization.all_scopes();
    if let Some(name) = client.scope.iter().find(|name| !known.contains_key(*name)) {
        return Err(Failure::new(format!(
            "--scope {name} does not exist; describe it in authorization.scopes first"
        )));
    }
    let sealed = match secret.filter(|_| client.id_token_signed_response_alg.is_symmetric()) {
        Some(secret) => {
            let plain = secret.as_bytes();
            Some(site.sealer()?.encrypt(Purpose::ClientSecret, &client.client_id, plain)?)
        }
        None => None,
    };
    let row = clients::write(client, sealed, site.now)?;
    Ok(clients::put(&site.storage, row).await?)
}

async fn list(site: &Site) -> Result<Answer, Failure> {
    let mut rows = Vec::new();
    let mut json = Vec::new();
    for row in clients::list(&site.storage).await? {
        let client = clients::read(&row)?;
        let kind = if client.is_confidential() { "confidential" } else { "public" };
        let state = if client.disabled { "disabled" } else { "enabled" };
        rows.push(vec![
            client.client_id.clone(),
            client.client_name.clone(),
            kind.to_owned(),
            state.to_owned(),
        ]);
        json.push(metadata(&client));
    }
    Ok(Answer::new(table(&["ID", "NAME", "TYPE", "STATE"], &rows), Value::Array(json)))
}

async fn show(site: &Site, id: &str) -> Result<Answer, Failure> {
    let row = clients::find(&site.storage, id).await?.ok_or_else(|| unknown(id))?;
    let json = metadata(&clients::read(&row)?);
    Ok(Answer::new(format!("{json:#}"), json))
}

async fn set_disabled(site: &Site, id: &str, disabled: bool) -> Result<Answer, Failure> {
    if !clients::set_disabled(&site.storage, id, disabled, site.now).await? {
        return Err(unknown(id));
    }
    let state = if disabled { "disabled" } else { "enabled" };
    let text = format!("{id} is {state}; running servers notice within seconds.");
    Ok(Answer::new(text, json!({ "client_id": id, "disabled": disabled })))
}

async fn remove(site: &Site, id: &str) -> Result<Answer, Failure> {
    if !clients::remove(&site.storage, id, site.everything_over()).await? {
        return Err(unknown(id));
    }
    Ok(Answer::new(format!("{id} is removed, with its tokens."), json!({ "client_id": id })))
}

pub(super) fn unknown(id: &str) -> Failure {
    Failure::new(format!("there is no client {id}; `vestibule client list` shows all"))
}

/// The registration as JSON, without secrets.
fn metadata(client: &Client) -> Value {
    let mut json = serde_json::to_value(client).unwrap_or_default();
    if let Some(members) = json.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        members.insert("disabled".to_owned(), Value::Bool(client.disabled));
    }
    json
}
