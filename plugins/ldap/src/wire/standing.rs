//! How a host does, and when a dead one is asked again: after a second, then after twice as long
//! each time, up to half a minute. One that refuses the service account: after four times as long
//! each time, up to five minutes, as each refusal may count towards locking that account.
//!
//! *Why* a host that is late is not dead before the third time, and then only what it was late with
//! shows that it is over: one may answer whatever is simple and hang at every search, or search and
//! hang at every password.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use vestibule_plugin::HostState;

/// For so long after its last answer a host is not called dead because one connection fails.
const FRESH: Duration = Duration::from_secs(5);

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
const LONGEST_BARRED: Duration = Duration::from_secs(5 * 60);

/// Answers that did not come in time, one after the other, until a host counts as dead although it
/// lets us connect.
const LATE_IN_A_ROW: u32 = 3;

/// What is known of a host.
#[derive(Debug, Default)]
pub(super) struct Standing {
    state: State,
    answered: Option<Instant>,
    /// How often in a row, by what was asked.
    late: HashMap<&'static str, u32>,
}

/// Why a host is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Dead,
    /// It refuses the service account: before its time it is not asked even if nobody else answers.
    Barred,
    /// It never answers this in time.
    Late(&'static str),
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Untried,
    Up,
    Down {
        cause: String,
        wait: Duration,
        until: Instant,
        fault: Fault,
    },
}

impl Standing {
    /// It answered this. Tells whether it was dead before, and is not any more.
    pub(super) fn worked(&mut self, asked: &'static str, now: Instant) -> bool {
        self.answered = Some(now);
        self.late.remove(asked);
        match self.state {
            State::Down { fault: Fault::Late(what), .. } if what != asked => return false,
            // On a connection from before it refused.
            State::Down { fault: Fault::Barred, until, .. } if until > now => return false,
            _ => {}
        }
        let was_down = matches!(self.state, State::Down { .. });
        self.state = State::Up;
        was_down
    }

    /// It is dead. Tells whether that is new.
    pub(super) fn failed(&mut self, cause: String, fault: Fault, now: Instant) -> bool {
        let (factor, longest) = match fault {
            Fault::Barred => (4, LONGEST_BARRED),
            Fault::Dead | Fault::Late(_) => (2, LONGEST),
        };
        let (wait, new) = match &self.state {
            State::Down { wait, until, .. } if *until <= now => {
                ((*wait * factor).min(longest), false)
            }
            // Not known of it when it was called dead.
            State::Down { fault: Fault::Dead | Fault::Late(_), wait, .. }
                if fault == Fault::Barred =>
            {
                (*wait, false)
            }
            // Others had asked it before it was known.
            State::Down { .. } => return false,
            _ => (FIRST, true),
        };
        self.state = State::Down { cause, wait, until: now + wait, fault };
        new
    }

    /// It did not answer in time. Tells whether that is enough to call it dead.
    pub(super) fn was_late(&mut self, asked: &'static str) -> bool {
        let late = self.late.entry(asked).or_default();
        *late += 1;
        *late >= LATE_IN_A_ROW
    }

    /// Whether it has answered so lately that one failure says little.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.answered.is_some_and(|answered| now - answered < FRESH)
    }

    pub(super) fn has_answered_since(&self, then: Instant) -> bool {
        self.answered.is_some_and(|answered| answered > then)
    }

    /// What shows that it is not late any more, if it is called dead for that.
    pub(super) fn late_with(&self) -> Option<&'static str> {
        match self.state {
            State::Down { fault: Fault::Late(what), .. } => Some(what),
            _ => None,
        }
    }

    /// When a dead host is asked again. `None` for one that is not dead.
    pub(super) fn until(&self) -> Option<Instant> {
        match &self.state {
            State::Down { until, .. } => Some(*until),
            _ => None,
        }
    }

    pub(super) fn is_barred(&self, now: Instant) -> bool {
        matches!(self.state, State::Down { fault: Fault::Barred, until, .. } if until > now)
    }

    pub(super) fn cause(&self) -> Option<&str> {
        match &self.state {
            State::Down { cause, .. } => Some(cause),
            _ => None,
        }
    }

    /// For the operator.
    pub(super) fn told(&self, now: Instant) -> HostState {
        match &self.state {
            State::Untried => HostState::Untried,
            State::Up => HostState::Up,
            State::Down { cause, until, .. } => HostState::Down {
                cause: cause.clone(),
                retry_in: until.saturating_duration_since(now),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_host_is_left_alone_for_longer_each_time() {
        let mut standing = Standing::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..7 {
            let new = standing.failed("refused".to_owned(), Fault::Dead, now);
            assert_eq!(new, waits.is_empty(), "only the first time is news");
            let until = standing.until().unwrap();
            waits.push((until - now).as_secs());
            now = until;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert!(standing.worked("search", now));
        assert!(!standing.worked("search", now), "only the first time is news");
        assert!(standing.failed("refused".to_owned(), Fault::Dead, now));
        assert_eq!((standing.until().unwrap() - now).as_secs(), 1);
    }

    #[test]
    fn many_who_find_the_same_dead_host_count_once() {
        let mut standing = Standing::default();
        let now = Instant::now();
        assert!(standing.failed("one".to_owned(), Fault::Dead, now));
        for _ in 0..20 {
            assert!(!standing.failed("another".to_owned(), Fault::Dead, now));
        }
        assert_eq!(standing.until(), Some(now + FIRST));
        assert_eq!(standing.cause(), Some("one"));
    }

    #[test]
    fn an_account_survives_a_wrong_password_for_half_an_hour() {
        let mut standing = Standing::default();
        let begin = Instant::now();
        let (mut now, mut refusals) = (begin, 0);
        while now - begin < Duration::from_secs(30 * 60) {
            standing.failed("refused".to_owned(), Fault::Barred, now);
            refusals += 1;
            now = standing.until().unwrap();
        }
        assert!(refusals <= 11, "{refusals}");
    }

    #[test]
    fn who_refuses_the_service_account_is_left_alone_until_its_time() {
        let mut standing = Standing::default();
        let now = Instant::now();
        standing.failed("refused".to_owned(), Fault::Barred, now);
        assert!(standing.is_barred(now) && !standing.is_barred(now + FIRST));
        standing.failed("dead".to_owned(), Fault::Dead, now + FIRST);
        assert!(!standing.is_barred(now + FIRST), "a dead one may be tried at any time");
    }

    /// Before its time nobody tries it, whatever else is wrong with it.
    #[test]
    fn a_dead_host_that_turns_out_to_refuse_the_account_is_left_alone_too() {
        let mut standing = Standing::default();
        let now = Instant::now();
        assert!(standing.failed("dead".to_owned(), Fault::Dead, now));
        assert!(!standing.failed("refused".to_owned(), Fault::Barred, now));
        assert!(standing.is_barred(now) && standing.cause() == Some("refused"));
        assert!(!standing.failed("dead".to_owned(), Fault::Dead, now));
        assert!(standing.is_barred(now));
        assert!(!standing.worked("search", now), "somebody had bound before");
        assert!(standing.is_barred(now) && standing.worked("search", now + FIRST));
    }

    #[test]
    fn one_slow_answer_does_not_make_a_host_dead_and_three_in_a_row_do() {
        let mut standing = Standing::default();
        let now = Instant::now();
        assert!(!standing.was_late("search"));
        assert!(!standing.was_late("search"));
        standing.worked("search", now);
        assert!(!standing.was_late("search"));
        assert!(!standing.was_late("search"));
        standing.worked("ping", now);
        assert!(standing.was_late("search"), "a ping does not make up for searches");
    }

    #[test]
    fn a_host_that_hangs_at_one_thing_is_not_back_when_it_answers_another() {
        let mut standing = Standing::default();
        let now = Instant::now();
        standing.failed("late".to_owned(), Fault::Late("bind"), now);
        for simple in ["ping", "search"] {
            assert!(!standing.worked(simple, now + LONGEST));
            assert_eq!(standing.late_with(), Some("bind"));
        }
        assert!(standing.worked("bind", now + LONGEST));
        assert_eq!((standing.until(), standing.late_with()), (None, None));
    }
}
