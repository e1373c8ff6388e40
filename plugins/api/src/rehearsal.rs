//! What an administrator may try before people depend on it. Everything here is shown to them: no
//! text ever holds a password or another secret.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Identity, Password, Refusal, Username};

/// A source that can show how it works, one step after the other.
#[async_trait]
pub trait Rehearsal: Send + Sync {
    /// Finds a person, and logs them in if there is a password, as a login would: the same queries,
    /// on fresh connections, telling each step.
    async fn rehearse(&self, username: &Username, password: Option<&Password>) -> Rehearsed;

    /// Asks every host now, all at once.
    async fn probe(&self) -> Vec<Probe>;

    /// Reads a few people and tells what it saw of all of them: names and forms of what is there,
    /// never anybody's hash.
    async fn sample(&self) -> Vec<Step>;
}

/// A rehearsal: every step up to the last that could be made, and how it ended.
#[derive(Debug)]
pub struct Rehearsed {
    /// In the order in which they were made.
    pub steps: Vec<Step>,
    /// Who it is, with all attributes; or why nobody.
    pub outcome: Result<Identity, Refusal>,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// In a word or two: `DNS`, `TLS`, `bind`, `search`.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was asked and answered: `filter`, `(uid=alice)`.
    pub facts: Vec<(String, String)>,
    /// How long it took.
    pub took: Duration,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// It works and is probably not meant so: why, and the remedy.
    Doubtful(String),
    /// It failed: why, in words, and the remedy where one is known.
    Failed(String),
}

/// One host, asked just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// As in [`Host::name`](crate::Host::name).
    pub host: String,
    /// What it said of itself, or why it did not answer.
    pub outcome: Result<String, String>,
    /// How long it took.
    pub took: Duration,
}
