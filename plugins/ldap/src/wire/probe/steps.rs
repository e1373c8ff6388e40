//! Steps of a rehearsal as they are made.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use vestibule_plugin::{Outcome, Step};

/// The steps so far.
#[derive(Default)]
pub(super) struct Steps(pub(super) Vec<Step>);

impl Steps {
    pub(super) fn add(
        &mut self,
        name: &str,
        started: Instant,
        known: Vec<(&'static str, String)>,
        outcome: Outcome,
    ) {
        let (name, took) = (name.to_owned(), started.elapsed());
        self.0.push(Step { name, outcome, facts: Vec::new(), took });
        self.tell(known);
    }

    /// Makes a step, within its time.
    pub(super) async fn try_to<T>(
        &mut self,
        name: &str,
        patience: Duration,
        known: Vec<(&'static str, String)>,
        attempt: impl Future<Output = Result<T, String>>,
    ) -> Option<T> {
        let started = Instant::now();
        let ended = timeout(patience, attempt).await;
        let ended = ended.unwrap_or_else(|_| Err(format!("no answer within {patience:?}")));
        let (value, outcome) = match ended {
            Ok(value) => (Some(value), Outcome::Passed),
            Err(cause) => (None, Outcome::Failed(cause)),
        };
        self.add(name, started, known, outcome);
        value
    }

    /// Adds to the last step what it found.
    pub(super) fn tell(&mut self, found: Vec<(&'static str, String)>) {
        self.tell_more(found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    }

    pub(super) fn tell_more(&mut self, found: Vec<(String, String)>) {
        if let Some(step) = self.0.last_mut() {
            step.facts.extend(found);
        }
    }

    /// The last step passed, and yet.
    pub(super) fn doubt(&mut self, why: &str) {
        if let Some(step) = self.0.last_mut().filter(|step| step.outcome == Outcome::Passed) {
            step.outcome = Outcome::Doubtful(why.to_owned());
        }
    }

    /// Why the last step failed, if it does not say so itself.
    pub(super) fn explain(&mut self, why: &str) {
        if let Some(step) = self.0.last_mut()
            && step.outcome == Outcome::Failed(String::new())
        {
            step.outcome = Outcome::Failed(why.to_owned());
        }
    }

    pub(super) fn must<T>(&mut self, made: Result<T, String>) -> Option<T> {
        match made {
            Ok(made) => Some(made),
            Err(cause) => {
                self.add("LDAP", Instant::now(), Vec::new(), Outcome::Failed(cause));
                None
            }
        }
    }
}
