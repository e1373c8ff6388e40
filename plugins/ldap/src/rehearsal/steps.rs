//! Steps as they are made: each begins, ends, and tells what it found.

use std::time::{Duration, Instant};

use vestibule_plugin::{Outcome, Step, Value};

/// The steps so far.
pub(super) struct Steps(pub(super) Vec<Step>);

/// When the present step began. A value, so that no step ends without having begun.
pub(super) struct Begun(&'static str, Instant);

pub(super) fn begin(name: &'static str) -> Begun {
    Begun(name, Instant::now())
}

impl Steps {
    /// Ends a step that has just been made.
    pub(super) fn end<T, E: ToString>(
        &mut self,
        Begun(name, began): Begun,
        result: Result<T, E>,
    ) -> Result<T, E> {
        let outcome = match &result {
            Ok(_) => Outcome::Passed,
            Err(cause) => Outcome::Failed(cause.to_string()),
        };
        self.add(name, outcome, began.elapsed());
        result
    }

    /// A step that was not made, and why.
    pub(super) fn leave_out(&mut self, name: &str, why: &str) {
        self.add(name, Outcome::Doubtful(why.to_owned()), Duration::ZERO);
    }

    fn add(&mut self, name: &str, outcome: Outcome, took: Duration) {
        self.0.push(Step { name: name.to_owned(), outcome, facts: Vec::new(), took });
    }

    /// What the last step found, if anything.
    pub(super) fn tell(&mut self, name: &str, value: &str) {
        if let Some(step) = self.0.last_mut().filter(|_| !value.is_empty()) {
            step.facts.push((name.to_owned(), value.to_owned()));
        }
    }

    /// The last step failed after all.
    pub(super) fn fail(&mut self, why: &str) {
        if let Some(step) = self.0.last_mut() {
            step.outcome = Outcome::Failed(why.to_owned());
        }
    }

    /// The last step passed, and something is odd about it.
    pub(super) fn doubt(&mut self, why: &str) {
        if let Some(step) = self.0.last_mut().filter(|step| step.outcome == Outcome::Passed) {
            step.outcome = Outcome::Doubtful(why.to_owned());
        }
    }
}

/// Values in a line each; of those that are no text, how long they are.
pub(super) fn listed(values: &[Value]) -> String {
    let line = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        Value::Binary(bytes) => format!("{} bytes", bytes.len()),
    };
    values.iter().map(line).collect::<Vec<_>>().join("\n")
}
