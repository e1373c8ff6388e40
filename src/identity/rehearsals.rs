//! Backends on their own, for whoever tries them before people depend on them: `vestibule backend`.
//!
//! No try is counted here and no account is made, so neither a database nor a master key of ours is
//! needed, but for a backend that keeps its people in our own database.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use vestibule_plugin::{
    Attributes, Backend, Host, HostState, Login, Outcome, Password, Probe, Rehearsed, Step,
    Unavailable, Username,
};

use super::chain::Link;
use super::mapping::Mapping;
pub use super::mapping::{AbsentClaim, Told};
use super::{BackendSettings, Misconfigured, names, registry};
use crate::storage::Storage;

/// A backend outside of the chain, which nobody depends on yet.
pub struct Candidate {
    link: Link,
    mapping: Mapping,
}

/// Whether the people of this type of backend are in our own database, which must be open for it.
pub fn needs_storage(kind: &str) -> bool {
    registry::needs_storage(kind)
}

/// The options of this type of backend that hold a secret, or name the file of one.
pub fn secrets(kind: &str) -> &'static [&'static str] {
    registry::secrets(kind)
}

/// The backends that a login under this name asks, in their order, until one knows it.
pub fn asked_about<'a>(
    backends: &'a [BackendSettings],
    username: &Username,
) -> Result<Vec<&'a str>, Misconfigured> {
    let all = backends.iter().map(|backend| Ok((backend, registry::patterns(backend)?)));
    let all: Vec<_> = all.collect::<Result<_, Misconfigured>>()?;
    let asked = names::asked_about(&all, |(_, patterns)| patterns, username);
    Ok(asked.map(|(backend, _)| backend.name.as_str()).collect())
}

/// How long a rehearsal may take: it goes slowly, on connections of its own, and still tells its steps
/// where a login was given up long ago.
const LONGEST: Duration = Duration::from_secs(60);

impl Candidate {
    /// Opens a backend as it is configured; asks it nothing yet.
    pub fn open(
        settings: &BackendSettings,
        storage: Option<&Storage>,
    ) -> Result<Self, Misconfigured> {
        let (link, mapping) = registry::open(settings, storage)?;
        Ok(Self { link, mapping })
    }

    /// Whether people log in with a password that is typed here.
    pub fn takes_passwords(&self) -> bool {
        matches!(self.link.backend.login(), Login::Password(_))
    }

    /// Whether people can be looked up without their password.
    pub fn has_directory(&self) -> bool {
        self.link.backend.directory().is_some()
    }

    /// Whether it tells a name that nobody has from a wrong password.
    pub fn tells_unknown(&self) -> bool {
        self.link.backend.tells_unknown()
    }

    /// What becomes of a person's attributes.
    pub fn tell(&self, attributes: &Attributes) -> Told {
        self.mapping.tell(attributes)
    }

    /// Finds a person, and logs them in if there is a password, step by step.
    pub async fn rehearse(&self, username: &Username, password: Option<&Password>) -> Rehearsed {
        let backend = &self.link.backend;
        let Some(rehearsal) = backend.rehearsal() else {
            return plainly(backend.as_ref(), username, password).await;
        };
        let began = Instant::now();
        timeout(LONGEST, rehearsal.rehearse(username, password)).await.unwrap_or_else(|_| {
            let cause = format!("it did not end within {LONGEST:?}");
            let outcome = Outcome::Failed(cause.clone());
            Rehearsed {
                steps: vec![step("rehearsal", outcome, began)],
                outcome: Err(Unavailable::because(cause).into()),
            }
        })
    }

    /// Asks every host now; the backend itself, if it knows no hosts.
    pub async fn probe(&self) -> Vec<Probe> {
        let (backend, patience) = (&self.link.backend, self.link.patience);
        let began = Instant::now();
        let late = || format!("no answer within {patience:?}");
        if let Some(rehearsal) = backend.rehearsal() {
            match timeout(patience, rehearsal.probe()).await {
                Ok(probes) if probes.is_empty() => {}
                Ok(probes) => return probes,
                Err(_) => return unanswered(&backend.hosts(), &late(), began),
            }
        }
        let outcome = match timeout(patience, backend.health()).await {
            Ok(Ok(())) => Ok("answers".to_owned()),
            Ok(Err(cause)) => Err(cause.to_string()),
            Err(_) => Err(late()),
        };
        vec![Probe { host: String::new(), outcome, took: began.elapsed() }]
    }

    /// What a few of its people look like; nothing, if it cannot be asked so.
    pub async fn sample(&self) -> Option<Vec<Step>> {
        let rehearsal = self.link.backend.rehearsal()?;
        let began = Instant::now();
        let sampled = timeout(LONGEST, rehearsal.sample()).await;
        Some(sampled.unwrap_or_else(|_| {
            let outcome = Outcome::Failed(format!("it did not end within {LONGEST:?}"));
            vec![step("sample", outcome, began)]
        }))
    }
}

/// What the pool knew of each host before nobody could wait any longer.
fn unanswered(hosts: &[Host], late: &str, began: Instant) -> Vec<Probe> {
    let probe = |name: &str, cause: String| Probe {
        host: name.to_owned(),
        outcome: Err(cause),
        took: began.elapsed(),
    };
    if hosts.is_empty() {
        return vec![probe("", late.to_owned())];
    }
    let each = hosts.iter().map(|host| match &host.state {
        HostState::Down { cause, .. } => probe(&host.name, cause.clone()),
        HostState::Up | HostState::Untried => probe(&host.name, late.to_owned()),
    });
    each.collect()
}

/// The rehearsal of a backend that has none of its own: whether it answers, and the login.
async fn plainly(
    backend: &dyn Backend,
    username: &Username,
    password: Option<&Password>,
) -> Rehearsed {
    let began = Instant::now();
    if let Err(cause) = backend.health().await {
        let steps = vec![step("health", Outcome::Failed(cause.to_string()), began)];
        return Rehearsed { steps, outcome: Err(cause.into()) };
    }
    let mut steps = vec![step("health", Outcome::Passed, began)];
    let began = Instant::now();
    let (Login::Password(login), Some(password)) = (backend.login(), password) else {
        let cause = "a backend of this type finds nobody without a password; add --password-prompt";
        steps.push(step("login", Outcome::Failed(cause.to_owned()), began));
        return Rehearsed { steps, outcome: Err(Unavailable::because(cause).into()) };
    };
    let outcome = login.authenticate(username, password).await;
    let ended = match &outcome {
        Ok(_) => Outcome::Passed,
        Err(refusal) => Outcome::Failed(refusal.to_string()),
    };
    steps.push(step("login", ended, began));
    Rehearsed { steps, outcome }
}

fn step(name: &str, outcome: Outcome, began: Instant) -> Step {
    Step { name: name.to_owned(), outcome, facts: Vec::new(), took: began.elapsed() }
}
