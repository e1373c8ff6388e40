//! `vestibule backend health`: every host of every backend, asked now and all at once.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_plugin::Probe;

use super::super::answer::{Answer, table};
use super::super::failure::Failure;
use super::super::surroundings::Surroundings;
use super::Stage;
use super::steps::{millis, time};
use crate::log::harmless;

/// One backend, with what its hosts said.
struct Asked {
    name: String,
    kind: String,
    probes: Vec<Probe>,
}

pub(super) async fn run(stage: &Stage<'_>, surroundings: &Surroundings) -> Result<Answer, Failure> {
    let mut asking = JoinSet::new();
    for (place, settings) in stage.settings.iter().enumerate() {
        let (name, kind) = (settings.name.clone(), settings.kind.clone());
        // One that cannot even be opened hides none of the others.
        let opened = stage.open(settings, surroundings).await;
        asking.spawn(async move {
            let probes = match opened {
                Ok(candidate) => candidate.probe().await,
                Err(failure) => vec![unopened(&failure)],
            };
            (place, Asked { name, kind, probes })
        });
    }
    let mut all = asking.join_all().await;
    all.sort_by_key(|(place, _)| *place);
    let all: Vec<Asked> = all.into_iter().map(|(_, asked)| asked).collect();
    let success = all.iter().all(|asked| asked.state() != State::Down);
    let json =
        json!({ "success": success, "backends": all.iter().map(Asked::json).collect::<Value>() });
    Ok(Answer { text: text(&all), json, success })
}

fn unopened(failure: &Failure) -> Probe {
    Probe { host: String::new(), outcome: Err(failure.to_string()), took: Duration::ZERO }
}

/// How a backend stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    /// Some hosts do not answer; logins go on with the others.
    Degraded,
    Down,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl Asked {
    fn state(&self) -> State {
        match self.probes.iter().filter(|probe| probe.outcome.is_ok()).count() {
            0 => State::Down,
            up if up < self.probes.len() => State::Degraded,
            _ => State::Up,
        }
    }

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.probes.iter().map(|Probe { host, outcome, took }| {
            let (state, says) = parts(outcome);
            let host = if host.is_empty() { "-" } else { host };
            [&self.name, host, state, &time(*took), says].map(harmless).into()
        })
    }

    fn json(&self) -> Value {
        let host = |Probe { host, outcome, took }: &Probe| {
            let (state, says) = parts(outcome);
            json!({ "host": host, "state": state, "says": says, "took_ms": millis(*took) })
        };
        json!({
            "name": self.name,
            "type": self.kind,
            "state": self.state().word(),
            "hosts": self.probes.iter().map(host).collect::<Value>(),
        })
    }
}

fn parts(outcome: &Result<String, String>) -> (&'static str, &str) {
    match outcome {
        Ok(says) => ("up", says),
        Err(cause) => ("down", cause),
    }
}

fn text(all: &[Asked]) -> String {
    let rows: Vec<_> = all.iter().flat_map(Asked::rows).collect();
    let mut text = table(&["BACKEND", "HOST", "STATE", "TIME", "SAYS"], &rows);
    for asked in all {
        let (state, hosts) = (asked.state(), asked.probes.len());
        let down = asked.probes.iter().filter(|probe| probe.outcome.is_err()).count();
        let sentence = match state {
            State::Up => continue,
            State::Degraded => {
                format!("{down} of {hosts} hosts do not answer; logins use the others")
            }
            State::Down => "no host answers; its people cannot log in".to_owned(),
        };
        text.push_str(&format!("\n{} is {}: {sentence}", asked.name, state.word()));
    }
    text
}
