//! `vestibule check`: tries everything that `serve` will need, and says how to mend what is wrong.

mod backends;

use std::path::Path;

use serde_json::{Map, Value, json};
use tracing_subscriber::EnvFilter;

use super::answer::Answer;
use super::failure::Failure;
use super::site::{configuration, database, pending, sealer};
use super::surroundings::Surroundings;
use crate::config::{Config, write_duration};
use crate::http::pages::Pages;
use crate::seal::{Purpose, Sealer};
use crate::server::Tls;
use crate::storage::{self, Storage};

/// How one thing stands.
struct Finding {
    subject: &'static str,
    state: State,
    sentence: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It works, and is probably not meant so.
    Doubtful,
    Wrong,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "doubtful",
            Self::Wrong => "wrong",
        }
    }
}

/// What was found, one after the other.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, subject: &'static str, sentence: impl Into<String>) {
        self.0.push(Finding { subject, state: State::Good, sentence: sentence.into() });
    }

    fn doubtful(&mut self, subject: &'static str, sentence: impl Into<String>) {
        self.0.push(Finding { subject, state: State::Doubtful, sentence: sentence.into() });
    }

    fn wrong(&mut self, subject: &'static str, sentence: &impl ToString) {
        self.0.push(Finding { subject, state: State::Wrong, sentence: sentence.to_string() });
    }

    fn answer(self, lifetimes: Option<&Config>) -> Answer {
        let mut text = String::new();
        for finding in &self.0 {
            let Finding { subject, state, sentence } = finding;
            text.push_str(&format!("{:8}  {subject}: {sentence}\n", state.word()));
        }
        let findings: Vec<Value> = self
            .0
            .iter()
            .map(|finding| {
                let Finding { subject, state, sentence } = finding;
                json!({ "subject": subject, "state": state.word(), "sentence": sentence })
            })
            .collect();
        let mut named = Map::new();
        for (name, lifetime) in
            lifetimes.map(|config| config.lifetimes.named()).into_iter().flatten()
        {
            if named.is_empty() {
                text.push_str("\nLifetimes\n");
            }
            text.push_str(&format!("  {name:20} {}\n", write_duration(lifetime)));
            named.insert(name.to_owned(), Value::String(write_duration(lifetime)));
        }
        let success = self.0.iter().all(|finding| finding.state != State::Wrong);
        let json = json!({ "success": success, "findings": findings, "lifetimes": named });
        Answer { text, json, success }
    }
}

pub(super) async fn run(file: &Path, surroundings: &Surroundings) -> Result<Answer, Failure> {
    let mut findings = Findings::default();
    let config = match configuration(file, surroundings) {
        Ok(config) => config,
        Err(failure) => {
            for problem in failure.to_string().lines() {
                findings.wrong("configuration", &problem);
            }
            return Ok(findings.answer(None));
        }
    };
    findings.good("configuration", format!("{} can be used", file.display()));
    address(&config, &mut findings);
    log(&config, &mut findings);
    pages(&config, &mut findings);
    let opened = storage(&config, &mut findings).await;
    if let Some((storage, sealer)) = &opened {
        keys(storage, sealer, &mut findings).await;
    }
    backends::check(&config, opened.as_ref(), &mut findings).await;
    Ok(findings.answer(Some(&config)))
}

fn address(config: &Config, findings: &mut Findings) {
    let server = &config.server;
    if let Some(tls) = server.tls() {
        match Tls::open(&tls.certificate, &tls.key) {
            Ok(_) => findings.good("tls", "certificate and key belong together"),
            Err(wrong) => findings
                .wrong("tls", &format!("{wrong}; see server.tls_certificate and server.tls_key")),
        }
    } else if server.issuer.is_https() && server.trusted_proxies.is_empty() {
        findings.doubtful(
            "proxy",
            "the issuer is https and TLS is not served here, but server.trusted_proxies is empty: log and lockout \
             will take the proxy for the one person who logs in",
        );
    }
    if !server.operations.ip().is_loopback() {
        findings.doubtful(
            "operations",
            format!(
                "server.operations is {}: whoever can reach it reads the metrics",
                server.operations
            ),
        );
    }
}

fn log(config: &Config, findings: &mut Findings) {
    if let Err(wrong) = EnvFilter::try_new(&config.log.filter) {
        findings.wrong("log", &format!("log.filter is not understood: {wrong}; an example is \"info,vestibule::http=debug\""));
    }
}

fn pages(config: &Config, findings: &mut Findings) {
    match Pages::open(&config.pages) {
        Ok(pages) => match pages.check() {
            Ok(()) => findings.good("templates", "every page can be shown"),
            Err(faults) => faults.iter().for_each(|fault| findings.wrong("templates", fault)),
        },
        Err(fault) => findings.wrong("templates", &format!("{fault}; see pages.templates")),
    }
}

/// The database and the means to read its secrets, if both can be used.
async fn storage(config: &Config, findings: &mut Findings) -> Option<(Storage, Sealer)> {
    let sealer = sealer(config).map_err(|failure| findings.wrong("master key", &failure)).ok();
    let file = storage::file(config.database.url.reveal());
    if let Some(missing) = file.filter(|file| !file.exists()) {
        let sentence = format!(
            "database.url: there is no file {}; `vestibule migrate` makes it",
            missing.display()
        );
        findings.wrong("database", &sentence);
        return None;
    }
    let opened = async {
        let storage = database(config).await?;
        let pending = pending(&storage).await?;
        Ok::<_, Failure>((storage, pending.len()))
    };
    match opened.await {
        Ok((storage, 0)) => {
            findings.good("database", "reachable and up to date");
            Some((storage, sealer?))
        }
        Ok((_, lacking)) => {
            let sentence =
                format!("lacks {lacking} of our changes; `vestibule migrate` makes them");
            findings.wrong("database", &sentence);
            None
        }
        Err(failure) => {
            findings.wrong("database", &failure);
            None
        }
    }
}

async fn keys(storage: &Storage, sealer: &Sealer, findings: &mut Findings) {
    let rows = match storage::keys::list(storage).await {
        Ok(rows) => rows,
        Err(fault) => return findings.wrong("database", &fault),
    };
    let unreadable =
        rows.iter().find(|row| sealer.decrypt(Purpose::Key, &row.kid, &row.private).is_err());
    match unreadable {
        None => findings.good("master key", format!("opens all {} signing keys", rows.len())),
        Some(row) => findings.wrong(
            "master key",
            &format!(
                "does not open the signing key {}; keys.master_key is not the one it was made with",
                row.kid
            ),
        ),
    }
}
