//! What `check` says of the places where people are known.
//!
//! Those that need nothing of ours are asked even where our database cannot be.

use serde_json::Value;
use tokio::task::JoinSet;
use vestibule_plugin::{Outcome, Probe, Step};

use super::super::backend::steps::failed;
use super::super::site::misconfigured;
use super::Findings;
use crate::config::Config;
use crate::http::opening::identity_settings;
use crate::identity::rehearsals::{self, Candidate};
use crate::identity::{BackendSettings, Identities};
use crate::log::harmless;
use crate::seal::Sealer;
use crate::storage::Storage;

const SUBJECT: &str = "backends";

pub(super) async fn check(
    config: &Config,
    opened: Option<&(Storage, Sealer)>,
    findings: &mut Findings,
) {
    let settings = identity_settings(config);
    let storage = opened.map(|(storage, _)| storage);
    let mut candidates = Vec::new();
    let mut usable = true;
    for backend in &settings.backends {
        // That our own database is wrong has been said.
        if storage.is_none() && rehearsals::needs_storage(&backend.kind) {
            continue;
        }
        match Candidate::open(backend, storage) {
            Ok(candidate) => candidates.push((backend, candidate)),
            Err(wrong) => {
                usable = false;
                findings.wrong(SUBJECT, &misconfigured(&config.backend, &wrong));
            }
        }
    }
    // Each can be opened: now all of them together, in their order.
    if let (Some((storage, sealer)), true) = (opened, usable)
        && let Err(wrong) = Identities::open(&settings, storage, sealer)
    {
        findings.wrong(SUBJECT, &misconfigured(&config.backend, &wrong));
    }
    for (backend, candidate) in &candidates {
        doubts(backend, candidate, findings);
    }
    shared_names(&candidates, findings);
    for asked in ask(candidates).await {
        asked.tell(findings);
    }
}

/// What works and is probably not meant so, or has to be known.
fn doubts(backend: &BackendSettings, candidate: &Candidate, findings: &mut Findings) {
    let name = &backend.name;
    if backend.options.get("security").and_then(Value::as_str) == Some("plaintext") {
        findings.doubtful(
            SUBJECT,
            format!(
                "{name}: `security` is \"plaintext\": passwords cross the network in the open; \"starttls\" or \
                 ldaps:// protects them"
            ),
        );
    }
    // Tables lock nobody.
    if backend.kind == "ldap" && backend.attempts.is_none() {
        findings.doubtful(
            SUBJECT,
            format!(
                "{name} has no `attempts`: strangers who type wrong passwords here can have the directory lock \
                 accounts; set it below the number at which the directory does"
            ),
        );
    }
    if !candidate.has_directory() {
        findings.doubtful(
            SUBJECT,
            format!(
                "{name} cannot be asked about people without their password: refresh and userinfo believe what was \
                 known at the last login, and nobody who is removed there is noticed"
            ),
        );
    }
    if !candidate.tells_unknown() {
        let place = if backend.usernames.is_empty() {
            "so it must be the last of those that own no names"
        } else {
            "so it is asked only about the names that it owns"
        };
        findings.good(
            SUBJECT,
            format!("{name} does not tell an unknown name from a wrong password, {place}"),
        );
    }
}

/// While a later backend is down, who is known to an earlier one is refused as ever, and who is not is asked
/// to come back (EN1).
fn shared_names(candidates: &[(&BackendSettings, Candidate)], findings: &mut Findings) {
    let shared: Vec<&str> = candidates
        .iter()
        .filter(|(backend, candidate)| backend.usernames.is_empty() && candidate.takes_passwords())
        .map(|(backend, _)| backend.name.as_str())
        .collect();
    if let [earlier @ .., last] = shared.as_slice()
        && !earlier.is_empty()
    {
        let earlier = earlier.join(", ");
        findings.doubtful(
            SUBJECT,
            format!(
                "{earlier} and {last} own no `usernames`: while {last} is down, the login page tells strangers \
                 which names are known to {earlier}; give each the names of its people"
            ),
        );
    }
}

/// A backend, with what it said.
struct Asked {
    name: String,
    probes: Vec<Probe>,
    sampled: Vec<Step>,
}

/// Asks all of them at once.
async fn ask(candidates: Vec<(&BackendSettings, Candidate)>) -> Vec<Asked> {
    let mut asking = JoinSet::new();
    for (place, (backend, candidate)) in candidates.into_iter().enumerate() {
        let name = backend.name.clone();
        asking.spawn(async move {
            let probes = candidate.probe().await;
            // Who does not answer has nothing to show either.
            let sampled = if probes.iter().any(|probe| probe.outcome.is_ok()) {
                candidate.sample().await.unwrap_or_default()
            } else {
                Vec::new()
            };
            (place, Asked { name, probes, sampled })
        });
    }
    let mut all = asking.join_all().await;
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, asked)| asked).collect()
}

impl Asked {
    fn tell(&self, findings: &mut Findings) {
        let name = &self.name;
        let down: Vec<String> = self.probes.iter().filter_map(complaint).collect();
        if down.is_empty() {
            findings.good(SUBJECT, format!("{name} answers"));
        } else if down.len() == self.probes.len() {
            findings.wrong(SUBJECT, &format!("{name} does not answer: {}", down.join("; ")));
        } else {
            let (down, all) = (down.join("; "), self.probes.len());
            findings.doubtful(SUBJECT, format!("{name} is degraded, of its {all} hosts: {down}"));
        }
        let said = |step: &Step, why: &str| harmless(&format!("{name}, {}: {why}", step.name));
        for step in &self.sampled {
            if let Outcome::Doubtful(why) = &step.outcome {
                findings.doubtful(SUBJECT, said(step, why));
            }
        }
        for step in failed(&self.sampled) {
            if let Outcome::Failed(why) = &step.outcome {
                let seen = format!("; `vestibule backend sample {name}` shows more");
                findings.wrong(SUBJECT, &(said(step, why) + &seen));
            }
        }
    }
}

/// What a host does not answer.
fn complaint(probe: &Probe) -> Option<String> {
    let cause = harmless(probe.outcome.as_ref().err()?);
    Some(if probe.host.is_empty() { cause } else { format!("{}: {cause}", harmless(&probe.host)) })
}
