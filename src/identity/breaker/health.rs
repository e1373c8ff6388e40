//! How a backend is by its own word: asked in the background, by operators and by whoever waits for less
//! long than it may take.
//!
//! A source whose first host swallows everything needs longer for its first answer than a readiness
//! check waits. So the question goes on without whoever asked it, and the next one knows the answer;
//! until then, and where it is too busy to tell, what was last known stands.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::Instrument;
use vestibule_plugin::Unavailable;

use super::{Breaker, Operation};

impl Breaker {
    /// Whether it could answer now: always asked, as long as an answer may take.
    pub(super) async fn health(self: &Arc<Self>) -> Result<(), Unavailable> {
        let answer = self.measured(Operation::Health, self.ask_health()).await;
        match &answer {
            Ok(()) => self.is_well(),
            Err(Unavailable::Failed(cause)) => self.is_not_well(cause.to_string()),
            Err(Unavailable::Busy) => {}
        }
        answer
    }

    /// The same, for whoever waits no longer than `patience`.
    pub(in crate::identity) async fn health_within(
        self: &Arc<Self>,
        patience: Duration,
    ) -> Result<(), Unavailable> {
        let late = || Unavailable::because(format!("no answer within {patience:?}"));
        match timeout(patience, self.ask_alone()).await {
            Ok(Err(Unavailable::Busy)) => self.last_known().unwrap_or(Err(Unavailable::Busy)),
            Ok(answer) => answer,
            Err(_) => self.last_known().unwrap_or_else(|| Err(late())),
        }
    }

    /// One question at a time: whoever comes meanwhile waits for its end.
    async fn ask_alone(self: &Arc<Self>) -> Result<(), Unavailable> {
        let Ok(turn) = self.asking.clone().try_lock_owned() else {
            let _ended = self.asking.lock().await;
            return self.last_known().unwrap_or(Err(Unavailable::Busy));
        };
        let breaker = self.clone();
        let question = async move {
            let answer = breaker.health().await;
            drop(turn);
            answer
        };
        let ended = tokio::spawn(question.in_current_span()).await;
        ended.unwrap_or_else(|_| Err(broke_off()))
    }

    /// In a task that ends with this one: a panic in there must not end the probe.
    async fn ask_health(self: &Arc<Self>) -> Result<(), Unavailable> {
        let breaker = self.clone();
        let mut asked = JoinSet::new();
        asked.spawn(async move { breaker.backend.health().await }.in_current_span());
        match asked.join_next().await {
            Some(Ok(answer)) => answer,
            Some(Err(_)) | None => Err(broke_off()),
        }
    }

    /// What it last answered, or failed to.
    fn last_known(&self) -> Option<Result<(), Unavailable>> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map(|seen| seen.clone().map_err(Unavailable::because))
    }

    pub(super) fn see(&self, now: Result<(), String>) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

fn broke_off() -> Unavailable {
    Unavailable::because("the check itself failed")
}
