//! Steps of a rehearsal: a table for people, and the same as JSON.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_plugin::{Outcome, Step};

use crate::log::harmless;

/// Below the name of its step.
const INDENT: &str = "          ";

/// The steps that failed for good. One that was begun anew later, as with the next host, did not.
pub(in crate::cli) fn failed(steps: &[Step]) -> impl Iterator<Item = &Step> {
    let is_begun_anew = |place: usize| {
        let (before, after) = steps.split_at_checked(place + 1).unwrap_or((steps, &[]));
        after.iter().any(|later| before.iter().any(|earlier| earlier.name == later.name))
    };
    steps.iter().enumerate().filter_map(move |(place, step)| {
        let is_failure = matches!(step.outcome, Outcome::Failed(_));
        (is_failure && !is_begun_anew(place)).then_some(step)
    })
}

pub(super) fn text(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for Step { name, outcome, facts, took } in steps {
        let word = word(outcome);
        text.push_str(&format!("{word:8}  {:width$}  {:>8}\n", harmless(name), time(*took)));
        if let Some(sentence) = sentence(outcome) {
            text.push_str(&format!("{INDENT}{}\n", harmless(sentence)));
        }
        let facts: Vec<_> =
            facts.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        text.push_str(&pairs(INDENT, &facts));
    }
    text
}

pub(super) fn json(steps: &[Step]) -> Value {
    let one = |step: &Step| {
        let facts: Value = step
            .facts
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        json!({
            "name": step.name,
            "state": word(&step.outcome),
            "sentence": sentence(&step.outcome),
            "facts": facts,
            "took_ms": millis(step.took),
        })
    };
    steps.iter().map(one).collect()
}

/// Names and values in two columns; the further lines of a value below its first.
pub(super) fn pairs(indent: &str, pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in pairs {
        let mut label = *name;
        for line in value.split('\n') {
            let line = format!("{indent}{:width$}  {}", harmless(label), harmless(line));
            text.push_str(line.trim_end());
            text.push('\n');
            label = "";
        }
    }
    text
}

/// A time as people read it.
pub(super) fn time(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{:.1} ms", millis(took))
    } else {
        format!("{:.2} s", took.as_secs_f64())
    }
}

/// In milliseconds, to the microsecond.
pub(super) fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "ok",
        Outcome::Doubtful(_) => "doubtful",
        Outcome::Failed(_) => "failed",
    }
}

fn sentence(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Passed => None,
        Outcome::Doubtful(sentence) | Outcome::Failed(sentence) => Some(sentence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, outcome: Outcome, facts: &[(&str, &str)]) -> Step {
        let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Step {
            name: name.to_owned(),
            outcome,
            facts: facts.collect(),
            took: Duration::from_micros(1_234),
        }
    }

    #[test]
    fn a_step_is_told_with_its_time_its_reason_and_its_facts() {
        let steps = [
            step("DNS", Outcome::Passed, &[("name", "dc1.test"), ("to", "192.0.2.1\n192.0.2.2")]),
            step("bind", Outcome::Failed("the password is wrong".to_owned()), &[]),
        ];
        assert_eq!(
            text(&steps),
            "ok        DNS     1.2 ms\n          name  dc1.test\n          to    192.0.2.1\n                192.0.2.2\n\
             failed    bind    1.2 ms\n          the password is wrong\n"
        );
        assert_eq!(failed(&steps).count(), 1);
        let json = json(&steps);
        assert_eq!(json[0]["facts"][1]["value"], "192.0.2.1\n192.0.2.2");
        assert_eq!((&json[1]["state"], &json[0]["took_ms"]), (&json!("failed"), &json!(1.234)));
    }

    #[test]
    fn a_host_that_another_stood_in_for_is_no_failure() {
        let dead = || Outcome::Failed("refused".to_owned());
        let made = |outcomes: &[(&str, Outcome)]| -> Vec<Step> {
            outcomes.iter().map(|(name, outcome)| step(name, outcome.clone(), &[])).collect()
        };
        let steps = made(&[
            ("SRV", Outcome::Passed),
            ("DNS", Outcome::Passed),
            ("TCP", dead()),
            ("DNS", Outcome::Passed),
            ("TCP", Outcome::Passed),
            ("hashes", dead()),
            ("index", Outcome::Passed),
        ]);
        assert_eq!(failed(&steps).map(|step| step.name.as_str()).collect::<Vec<_>>(), ["hashes"]);
        let steps = made(&[("DNS", Outcome::Passed), ("TCP", dead()), ("DNS", dead())]);
        assert_eq!(failed(&steps).count(), 1);
    }

    // LG1
    #[test]
    fn what_a_directory_says_does_not_move_the_cursor() {
        let told = text(&[step("entry", Outcome::Passed, &[("cn", "\u{1b}[2Jbob\u{202e}\rok")])]);
        assert!(!told.contains(['\u{1b}', '\u{202e}', '\r']), "{told:?}");
    }
}
