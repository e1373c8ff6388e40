//! `vestibule user`: the people of Vestibule's own table.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use vestibule_plugin::{Attributes, Password, Username};

use super::answer::{Answer, table};
use super::failure::Failure;
use super::people::{self, named};
use super::site::Site;
use super::surroundings::Surroundings;
use crate::http::opening::identity_settings;
use crate::identity::Identities;
use crate::identity::people::{NewPerson, People, Person};
use crate::secret;
use crate::storage::accounts;

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
    /// Add a person
    #[command(after_help = "\
The password is asked for, or read from standard input or a file; never from the command line.

Examples:
  vestibule user add alice --attribute name=\"Alice Adams\" --attribute email=alice@example.com
  vestibule user add bob --password-file /run/secrets/bob
  vestibule user add carol --attribute groups=staff --attribute groups=admins < password.txt")]
    Add {
        username: String,
        /// Attribute, such as email=alice@example.com; several with one name are its values (repeatable)
        #[arg(long = "attribute", value_name = "NAME=VALUE")]
        attributes: Vec<String>,
        /// File whose first line is the password
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Make up a password and print it
        #[arg(long, conflicts_with = "password_file")]
        random_password: bool,
    },
    /// List everybody
    List,
    /// Show one person
    Show { username: String },
    /// Shut someone out, and end their sessions and tokens
    Disable { username: String },
    /// Let someone in again, also after the account was locked
    Enable { username: String },
    /// Set another password, and end sessions and tokens
    SetPassword {
        username: String,
        /// Of a local administrator, who is added if there is none of this name
        #[arg(long)]
        administrator: bool,
        /// File whose first line is the password
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Make up a password and print it
        #[arg(long, conflicts_with = "password_file")]
        random_password: bool,
    },
    /// Remove someone, their sessions, consents and tokens
    Remove { username: String },
}

/// The people of one backend.
struct Desk<'a> {
    site: &'a Site,
    backend: &'a str,
    people: People,
}

pub(super) async fn run(
    arguments: Arguments,
    file: &Path,
    surroundings: &mut Surroundings,
) -> Result<Answer, Failure> {
    let site = Site::open(file, surroundings).await?;
    if let Command::SetPassword { username, administrator: true, password_file, random_password } =
        &arguments.command
    {
        let username = named(username)?;
        let (password, shown) = password(surroundings, password_file.as_deref(), *random_password)?;
        return administrator(&site, &username, &password, shown).await;
    }
    let backend = people::backend(&site, arguments.backend.as_deref())?;
    let desk = Desk { site: &site, backend: &backend.name, people: people::open(&site, backend)? };
    match arguments.command {
        Command::Add { username, attributes, password_file, random_password } => {
            let username = named(&username)?;
            let attributes = read_attributes(&attributes)?;
            let (password, shown) =
                password(surroundings, password_file.as_deref(), random_password)?;
            desk.add(&username, &attributes, &password, shown).await
        }
        Command::List => desk.list().await,
        Command::Show { username } => desk.show(&named(&username)?).await,
        Command::Disable { username } => desk.disable(&named(&username)?).await,
        Command::Enable { username } => desk.enable(&named(&username)?).await,
        Command::SetPassword { username, password_file, random_password, .. } => {
            let username = named(&username)?;
            let (password, shown) =
                password(surroundings, password_file.as_deref(), random_password)?;
            desk.set_password(&username, &password, shown).await
        }
        Command::Remove { username } => desk.remove(&named(&username)?).await,
    }
}

impl Desk<'_> {
    async fn add(
        &self,
        username: &Username,
        attributes: &Attributes,
        password: &Password,
        shown: Option<String>,
    ) -> Result<Answer, Failure> {
        let id = secret::id();
        let new = NewPerson { id: &id, username, password, attributes };
        self.people.add(new, self.site.now.millis()).await?;
        Ok(told(username, "is added.", shown))
    }

    async fn list(&self) -> Result<Answer, Failure> {
        let people = self.people.list().await?;
        let rows: Vec<Vec<String>> = people
            .iter()
            .map(|person| {
                let name = person.attributes.first("name").and_then(|value| value.as_text());
                let name = name.unwrap_or_default().to_owned();
                vec![person.username.clone(), name, state(person).to_owned()]
            })
            .collect();
        let json = people.iter().map(described).collect();
        Ok(Answer::new(table(&["USERNAME", "NAME", "STATE"], &rows), Value::Array(json)))
    }

    async fn show(&self, username: &Username) -> Result<Answer, Failure> {
        let json = described(&self.people.show(username).await?);
        Ok(Answer::new(format!("{json:#}"), json))
    }

    async fn disable(&self, username: &Username) -> Result<Answer, Failure> {
        self.people.disable(username, self.site.now.millis()).await?;
        self.sign_out(username).await?;
        Ok(told(username, "is disabled; sessions and tokens have ended.", None))
    }

    /// Ends whatever was given out for the person so far.
    async fn sign_out(&self, username: &Username) -> Result<(), Failure> {
        let person = self.people.show(username).await?;
        let storage = &self.site.storage;
        if let Some(account) = accounts::find_by_subject(storage, self.backend, &person.id).await? {
            accounts::sign_out(storage, &account.id, self.site.everything_over()).await?;
        }
        Ok(())
    }

    async fn enable(&self, username: &Username) -> Result<Answer, Failure> {
        self.people.enable(username, self.site.now.millis()).await?;
        Ok(told(username, "is enabled.", None))
    }

    async fn set_password(
        &self,
        username: &Username,
        password: &Password,
        shown: Option<String>,
    ) -> Result<Answer, Failure> {
        self.people.set_password(username, password, self.site.now.millis()).await?;
        // Whoever used the old password may not have been its owner.
        self.sign_out(username).await?;
        Ok(told(username, "has the new password; sessions and tokens have ended.", shown))
    }

    async fn remove(&self, username: &Username) -> Result<Answer, Failure> {
        let person = self.people.show(username).await?;
        self.people.remove(username).await?;
        let storage = &self.site.storage;
        if let Some(account) = accounts::find_by_subject(storage, self.backend, &person.id).await? {
            accounts::remove(storage, &account.id, self.site.everything_over()).await?;
        }
        Ok(told(username, "is removed, with sessions, consents and tokens.", None))
    }
}

/// Gives an administrator a password; whatever state the backends are in.
async fn administrator(
    site: &Site,
    username: &Username,
    password: &Password,
    shown: Option<String>,
) -> Result<Answer, Failure> {
    let settings = identity_settings(&site.config);
    let identities = Identities::open(&settings, &site.storage, &site.sealer()?)?;
    identities.put_administrator(username, password, site.now).await?;
    Ok(told(username, "is an administrator and has the new password.", shown))
}

/// The password, and its text if it was made up and must be shown.
fn password(
    surroundings: &mut Surroundings,
    file: Option<&Path>,
    random: bool,
) -> Result<(Password, Option<String>), Failure> {
    if random {
        let text = secret::id();
        return Ok((Password::parse(text.clone())?, Some(text)));
    }
    Ok((surroundings.input.password(file)?, None))
}

fn read_attributes(given: &[String]) -> Result<Attributes, Failure> {
    let mut attributes = Attributes::new();
    for pair in given {
        let (name, value) = pair
            .split_once('=')
            .filter(|(name, value)| !name.is_empty() && !value.is_empty())
            .ok_or_else(|| Failure::new(format!("--attribute {pair} must be NAME=VALUE")))?;
        attributes.add(name, value);
    }
    Ok(attributes)
}

fn told(username: &Username, what: &str, password: Option<String>) -> Answer {
    let mut text = format!("{username} {what}\n");
    let mut json = json!({ "username": username.as_str() });
    if let (Some(password), Some(members)) = (password, json.as_object_mut()) {
        text.push_str(&format!("password  {password}\n"));
        members.insert("password".to_owned(), Value::String(password));
    }
    Answer::new(text, json)
}

fn state(person: &Person) -> &'static str {
    match person {
        Person { disabled: true, .. } => "disabled",
        Person { locked: true, .. } => "locked",
        Person { must_change: true, .. } => "must change the password",
        _ => "enabled",
    }
}

fn described(person: &Person) -> Value {
    let attributes: Map<String, Value> = person
        .attributes
        .iter()
        .map(|(name, values)| {
            let texts = values.iter().filter_map(|value| value.as_text());
            (name.to_owned(), texts.map(str::to_owned).collect())
        })
        .collect();
    json!({
        "id": person.id,
        "username": person.username,
        "state": state(person),
        "attributes": attributes,
        "created_at": person.created_at / 1000,
        "updated_at": person.updated_at / 1000,
    })
}
