//! `vestibule` without a command: everything there is to see, on this machine alone.
//!
//! All of it lies in one folder: database, master key, passwords, and the configuration with which
//! the other commands administer the demo. The folder is made at the first start and kept; each
//! step is written whole or not at all, so that a start that was cut short is taken up by the next.

mod host;
mod seeds;

use std::fs::{self, Permissions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;

use super::answer::Answer;
use super::failure::Failure;
use super::init::{quoted, sqlite, write_private};
use super::serve::Sockets;
use super::site::{self, Site};
use super::surroundings::Surroundings;
use crate::config::Issuer;
use crate::http::opening::Options;
use crate::http::pages::Link;
use crate::server::{Limits, Server};
use crate::{demo, log, secret, server};

use seeds::Secrets;

#[derive(Args, Clone, Debug)]
// The arguments of another command have the same name.
#[group(skip)]
pub(super) struct Arguments {
    /// Demo: folder that keeps its database, keys and passwords [default: vestibule-data]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Demo: loopback address and port; its application is on the next port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    listen: Option<SocketAddr>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "must be an address and a port such as 127.0.0.1:8080".to_owned())?;
    if !address.ip().is_loopback() {
        return Err("must be a loopback address: the demo is for this machine alone; others are served by `vestibule serve`".to_owned());
    }
    Ok(address)
}

impl Arguments {
    /// Whether any was given.
    pub(super) fn any(&self) -> bool {
        self.data.is_some() || self.listen.is_some()
    }

    fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080))
    }
}

pub(super) async fn run(
    arguments: Arguments,
    surroundings: &Surroundings,
) -> Result<Answer, Failure> {
    let folder = arguments.data.clone().unwrap_or_else(|| "vestibule-data".into());
    let listen = arguments.listen();
    // Both ports first: whoever cannot have them should not have made anything.
    let public = bind(listen).await?;
    let issuer = format!("http://{}", address(&public, listen));
    let next = listen.port().checked_add(u16::from(listen.port() != 0));
    let next = next.ok_or_else(|| {
        Failure::new("--listen: there is no port after 65535 for the application")
    })?;
    let application = bind(SocketAddr::new(listen.ip(), next)).await?;
    let origin = format!("http://{}", address(&application, listen));
    let operations =
        Server::bind(&[SocketAddr::new(listen.ip(), 0)], None, Limits::default()).await?;

    let data = Data::open(&folder)?;
    let supervised = address(&operations, listen);
    let site = data.site(&issuer, supervised, surroundings).await?;
    let secrets = data.secrets(&site).await?;
    seeds::move_spa(&site, &origin).await?;

    log::open(site.config.log.format.into(), &site.config.log.filter)?;
    let issuer = site.config.server.issuer.clone();
    let options = Options {
        clock: surroundings.clock.clone(),
        demo: Link::parse(&origin),
        ..Options::default()
    };
    let provider = site::provider(site, options).await?;
    let endpoint = host::Own::new(crate::http::endpoint(&provider)?, &issuer);

    let mut others = JoinSet::new();
    others.spawn(application.serve(demo::application(&issuer, seeds::SPA), std::future::pending()));
    // Whoever has read the greeting may stop it.
    let asked = server::stop();
    print(&greeting(&data, &issuer, &origin, &secrets));
    Sockets { public, operations }.serve(&provider, endpoint, others, asked).await;
    Ok(Answer::new("", json!({})))
}

async fn bind(address: SocketAddr) -> Result<Server, Failure> {
    Server::bind(&[address], None, Limits::default()).await.map_err(|error| {
        Failure::new(format!("{error} (--listen moves the demo and its application)"))
    })
}

/// Where it listens, with the port that the system chose.
fn address(server: &Server, asked: SocketAddr) -> SocketAddr {
    server.addresses().first().copied().unwrap_or(asked)
}

/// The folder of the demo.
struct Data {
    folder: PathBuf,
}

impl Data {
    /// Makes the folder, readable by its owner alone; refuses one that holds something else.
    fn open(folder: &Path) -> Result<Self, Failure> {
        let shown = folder.display();
        let unusable =
            |error: std::io::Error| Failure::new(format!("folder {shown} cannot be used: {error}"));
        if folder.exists() {
            let others = fs::read_dir(folder).map_err(unusable)?;
            // A start may have been cut short before the rename.
            let mut others =
                others.flatten().filter(|entry| entry.file_name() != "secrets.json.new");
            if !folder.join("secrets.json").exists() && others.next().is_some() {
                return Err(Failure::new(format!(
                    "folder {shown} holds other things than a demo; name another one with --data"
                )));
            }
            fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(unusable)?;
        } else {
            let mut builder = fs::DirBuilder::new();
            builder.mode(0o700).recursive(true).create(folder).map_err(unusable)?;
        }
        let data = Self { folder: folder.canonicalize().map_err(unusable)? };
        if !data.path("secrets.json").exists() {
            data.replace("secrets.json", &serde_json::to_string_pretty(&Secrets::draw())?)?;
        }
        if !data.path("master.key").exists() {
            data.replace("master.key", &secret::token())?;
        }
        Ok(data)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file whole or not at all.
    fn replace(&self, name: &str, text: &str) -> Result<(), Failure> {
        let new = self.path(&format!("{name}.new"));
        let _ = fs::remove_file(&new);
        write_private(&new, &format!("{}\n", text.trim_end()))?;
        let path = self.path(name);
        fs::rename(&new, &path)
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", path.display())))
    }

    /// Writes the configuration for this start, and opens the database with it.
    async fn site(
        &self,
        issuer: &str,
        operations: SocketAddr,
        surroundings: &Surroundings,
    ) -> Result<Site, Failure> {
        let listen = issuer.trim_start_matches("http://");
        let text = format!(
            "# Written by the demo at each start; what is changed here is lost.\n\n\
             [server]\nissuer = {}\nlisten = [{}]\noperations = \"{operations}\"\n\n\
             [database]\nurl = {}\n\n\
             [keys]\nmaster_key_file = {}\nalgorithms = {:?}\n",
            quoted(issuer),
            quoted(listen),
            quoted(&sqlite(&self.path("vestibule.db"))),
            quoted(&self.path("master.key").display().to_string()),
            crate::config::ALGORITHMS,
        );
        self.replace("vestibule.toml", &text)?;
        // Of the environment only what a person would want: the demo is the same everywhere.
        let variables = surroundings.variables.iter();
        let log =
            variables.filter(|(name, _)| name.starts_with("VESTIBULE_LOG__")).cloned().collect();
        let quiet =
            Surroundings { variables: log, ..Surroundings::silent(surroundings.clock.clone()) };
        let file = self.path("vestibule.toml");
        let config = site::configuration(&file, &quiet)?;
        site::database(&config).await?.migrate().await?;
        Site::open(&file, &quiet).await
    }

    /// The passwords, once everybody whom they belong to is there.
    async fn secrets(&self, site: &Site) -> Result<Secrets, Failure> {
        let path = self.path("secrets.json");
        let unusable = |error: String| {
            Failure::new(format!(
                "{} cannot be read: {error}; remove the folder to begin anew",
                path.display()
            ))
        };
        let text = fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
        let mut secrets: Secrets =
            serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
        if !secrets.added {
            seeds::add(site, &secrets).await?;
            secrets.added = true;
            self.replace("secrets.json", &serde_json::to_string_pretty(&secrets)?)?;
        }
        Ok(secrets)
    }
}

fn greeting(data: &Data, issuer: &Issuer, origin: &str, secrets: &Secrets) -> String {
    let folder = data.folder.display();
    let people: String = secrets
        .people
        .iter()
        .map(|(name, password)| format!("    {name:6}  {password}\n"))
        .collect();
    format!(
        "\nThe demo of Vestibule; its data are in {folder}\n\n  \
         Try it       {origin}    an application of another origin\n  \
         Issuer       {issuer}    what applications are told\n  \
         API          {issuer}/docs\n\n  \
         Log in with\n{people}\n  \
         An application of your own can be\n    \
         client_id      {web}\n    \
         client_secret  {secret}\n    \
         redirect_uri   {uri}\n  \
         or: {program} --config {folder}/vestibule.toml client add --help\n\n\
         Ctrl-C stops it; the next start goes on where it was.\n",
        program = program(),
        web = seeds::WEB,
        secret = secrets.web_secret,
        uri = seeds::WEB_REDIRECT_URI,
    )
}

/// This program as it was called, to be called again.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "vestibule".to_owned())
}

/// At once, though the server goes on.
fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests;
