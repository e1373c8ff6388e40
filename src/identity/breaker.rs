//! What stands between the chain and one backend: a time limit, a breaker, and the measure of both.
//!
//! ```text
//!        so many failures in a row            is not well
//! asked ───────────────────────────▶ doubted ─────────────▶ left alone; asked how it is after 1 s, 2 s, 4 s … 30 s
//!   ▲                                   │                        │
//!   └─────────  any answer  ────────────┴────────────────────────┘
//! ```
//!
//! A backend that is left alone is [`Unavailable`] at once: nobody waits for a time-out that is certain,
//! and a source that is coming up again is not met by everybody who has waited. A refusal is an answer
//! like any other; that a source is busy says neither that it is well nor that it is not.
//!
//! *Why it is doubted first:* some failures come from one person's entry, as when two people have one
//! name. Whoever knows such a name could shut everybody out with it; so only a backend that is not well
//! by its own word is left alone.

mod health;
mod question;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use metrics::histogram;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info};
use vestibule_plugin::{Backend, Host, Unavailable};

use question::No;
pub(super) use question::Operation;

/// The pauses between two probes grow from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// One backend, guarded.
pub(super) struct Breaker {
    name: String,
    backend: Box<dyn Backend>,
    /// How long an answer may take.
    patience: Duration,
    /// So many failures in a row are enough.
    most: u32,
    state: Mutex<State>,
    /// What it last said of itself, or logins showed; nothing before the first answer.
    seen: Mutex<Option<Result<(), String>>>,
    /// Held by whoever asks how it is.
    asking: Arc<tokio::sync::Mutex<()>>,
}

enum State {
    /// Asked. With what went wrong since it last answered.
    Closed { failures: u32, cause: Option<String> },
    /// Asked, until the probe knows that it is not well.
    Doubted { failures: u32, cause: String, probe: Probe },
    /// Left alone until the probe has an answer.
    Open { cause: String, _probe: Probe },
}

impl State {
    const WELL: Self = Self::Closed { failures: 0, cause: None };
}

/// A probe in the background. Ends with this, and so with its breaker.
struct Probe(AbortHandle);

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a backend that is left alone is unavailable. Was logged when it began.
#[derive(Debug, thiserror::Error)]
#[error("it is left alone until it answers again; the last cause: {0}")]
struct LeftAlone(String);

/// Whether nobody was asked, and so nothing is new to the operator.
pub(super) fn was_not_asked(cause: &Unavailable) -> bool {
    matches!(cause, Unavailable::Failed(cause) if cause.is::<LeftAlone>())
}

/// A backend as it has lately been seen, for the operator.
#[derive(Clone, Debug)]
pub struct Condition<'a> {
    pub name: &'a str,
    /// Whether it is asked at all. Not, after too many failures in a row.
    pub asked: bool,
    /// Why it failed since it last answered.
    pub cause: Option<String>,
    /// The machines behind it.
    pub hosts: Vec<Host>,
}

impl Breaker {
    pub(super) fn new(
        name: String,
        backend: Box<dyn Backend>,
        patience: Duration,
        most: u32,
    ) -> Arc<Self> {
        let state = Mutex::new(State::WELL);
        let (seen, asking) = (Mutex::default(), Arc::default());
        Arc::new(Self { name, backend, patience, most, state, seen, asking })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(super) fn condition(&self) -> Condition<'_> {
        let (asked, cause) = match &*self.state() {
            State::Closed { cause, .. } => (true, cause.clone()),
            State::Doubted { cause, .. } => (true, Some(cause.clone())),
            State::Open { cause, .. } => (false, Some(cause.clone())),
        };
        Condition { name: &self.name, asked, cause, hosts: self.backend.hosts() }
    }

    /// The answer, if the backend gives one in time; at once that there is none, if it is left alone.
    pub(super) async fn ask<T, N: No>(
        self: &Arc<Self>,
        operation: Operation,
        answer: impl Future<Output = Result<T, N>>,
    ) -> Result<T, N> {
        if let State::Open { cause, .. } = &*self.state() {
            return Err(N::of(Unavailable::because(LeftAlone(cause.clone()))));
        }
        let answer = self.measured(operation, answer).await;
        match answer.as_ref().err().and_then(N::unavailable) {
            None => self.answered(),
            Some(Unavailable::Failed(cause)) => self.failed(cause.to_string()),
            Some(Unavailable::Busy) => {}
        }
        answer
    }

    async fn measured<T, N: No>(
        &self,
        operation: Operation,
        answer: impl Future<Output = Result<T, N>>,
    ) -> Result<T, N> {
        let (began, patience) = (Instant::now(), self.patience);
        let late = |_| Err(N::of(Unavailable::because(format!("no answer within {patience:?}"))));
        let answer = timeout(patience, answer).await.unwrap_or_else(late);
        let outcome = match &answer {
            Ok(_) => "ok",
            Err(no) if no.unavailable().is_some() => "unavailable",
            Err(_) => "refused",
        };
        histogram!(
            "vestibule_backend_duration_seconds",
            "backend" => self.name.clone(),
            "operation" => operation.as_str(),
            "outcome" => outcome,
        )
        .record(began.elapsed());
        answer
    }

    fn answered(&self) {
        self.see(Ok(()));
        let mut state = self.state();
        if let State::Open { .. } = *state {
            info!(backend = self.name, "the backend answers again");
        }
        *state = State::WELL;
    }

    fn failed(self: &Arc<Self>, now: String) {
        let mut state = self.state();
        match &mut *state {
            State::Closed { failures, cause } if *failures + 1 < self.most => {
                *failures += 1;
                *cause = Some(now);
            }
            State::Closed { failures, .. } => {
                let failures = *failures + 1;
                let probe = Probe(tokio::spawn(probe(Arc::downgrade(self))).abort_handle());
                *state = State::Doubted { failures, cause: now, probe };
            }
            State::Doubted { failures, cause, .. } => {
                *failures += 1;
                *cause = now;
            }
            // Asked before it was left alone.
            State::Open { cause, .. } => *cause = now,
        }
    }

    /// Whether logins succeed, logins tell: of a backend that is not doubted this says nothing new.
    fn is_well(&self) {
        self.see(Ok(()));
        if !matches!(*self.state(), State::Closed { .. }) {
            self.answered();
        }
    }

    fn is_not_well(&self, now: String) {
        self.see(Err(now.clone()));
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::WELL) {
            State::Doubted { failures, probe, .. } => {
                let backend = &self.name;
                error!(backend, failures, "the backend is left alone until it answers: {now}");
                *state = State::Open { cause: now, _probe: probe };
            }
            State::Open { _probe, .. } => *state = State::Open { cause: now, _probe },
            closed @ State::Closed { .. } => *state = closed,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for the health of a backend until it answers. Holds it only while it asks.
async fn probe(breaker: Weak<Breaker>) {
    let mut pause = FIRST_PAUSE;
    while let Some(breaker) = breaker.upgrade() {
        if breaker.health().await.is_ok() {
            return;
        }
        drop(breaker);
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests;
