//! How often a question is sent.
//!
//! *Why* a password is not asked about until somebody answers: a directory counts every wrong one,
//! also where its answer is lost, and a few lock the account. One that may have arrived is sent once
//! more and no oftener; and not at all to another host where the first only takes its time.

use super::failure::Failure;
use super::question::Question;

/// How often a question may still be sent. `None` for as often as there are hosts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sendings(Option<usize>);

impl Sendings {
    pub(super) fn of<Q: Question>() -> Self {
        Self(Q::SENDINGS)
    }

    pub(super) fn are_left(&self) -> bool {
        self.0 != Some(0)
    }

    /// Counts one of which this came.
    pub(super) fn count(&mut self, failure: &Failure) {
        let Some(left) = &mut self.0 else { return };
        *left = match failure {
            // The host lives, or somebody would have found it dead, and may have the answer yet.
            Failure::Late(_) => 0,
            // It says that it did nothing.
            Failure::Down(_) => *left,
            _ => left.saturating_sub(1),
        };
    }
}
