//! How a host does, and when a dead one is asked again: after a second, then after twice as long
//! each time, up to half a minute. One that refuses the service account: after four times as long
//! each time, up to five minutes, as each refusal may count towards locking that account.

use std::time::{Duration, Instant};

use vestibule_plugin::HostState;

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
    late: u32,
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
        /// Before its time not even when nobody else answers.
        barred: bool,
    },
}

impl Standing {
    /// It answered. Tells whether it was dead before.
    pub(super) fn worked(&mut self) -> bool {
        let was_down = matches!(self.state, State::Down { .. });
        *self = Self { state: State::Up, late: 0 };
        was_down
    }

    /// It is dead. Tells whether that is new.
    pub(super) fn failed(&mut self, cause: String, barred: bool, now: Instant) -> bool {
        let (factor, longest) = if barred { (4, LONGEST_BARRED) } else { (2, LONGEST) };
        let (wait, new) = match &self.state {
            State::Down { wait, until, .. } if *until <= now => {
                ((*wait * factor).min(longest), false)
            }
            // Others had asked it before it was known.
            State::Down { .. } => return false,
            _ => (FIRST, true),
        };
        self.state = State::Down { cause, wait, until: now + wait, barred };
        new
    }

    /// It did not answer in time. Tells whether that is enough to call it dead.
    pub(super) fn was_late(&mut self) -> bool {
        self.late += 1;
        self.late >= LATE_IN_A_ROW
    }

    /// When a dead host is asked again. `None` for one that is not dead.
    pub(super) fn until(&self) -> Option<Instant> {
        match &self.state {
            State::Down { until, .. } => Some(*until),
            _ => None,
        }
    }

    pub(super) fn is_barred(&self, now: Instant) -> bool {
        matches!(self.state, State::Down { barred: true, until, .. } if until > now)
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
            let new = standing.failed("refused".to_owned(), false, now);
            assert_eq!(new, waits.is_empty(), "only the first time is news");
            let until = standing.until().unwrap();
            waits.push((until - now).as_secs());
            now = until;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert!(standing.worked());
        assert!(!standing.worked(), "only the first time is news");
        assert!(standing.failed("refused".to_owned(), false, now));
        assert_eq!((standing.until().unwrap() - now).as_secs(), 1);
    }

    #[test]
    fn many_who_find_the_same_dead_host_count_once() {
        let mut standing = Standing::default();
        let now = Instant::now();
        assert!(standing.failed("one".to_owned(), false, now));
        for _ in 0..20 {
            assert!(!standing.failed("another".to_owned(), false, now));
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
            standing.failed("refused".to_owned(), true, now);
            refusals += 1;
            now = standing.until().unwrap();
        }
        assert!(refusals <= 11, "{refusals}");
    }

    #[test]
    fn who_refuses_the_service_account_is_left_alone_until_its_time() {
        let mut standing = Standing::default();
        let now = Instant::now();
        standing.failed("refused".to_owned(), true, now);
        assert!(standing.is_barred(now) && !standing.is_barred(now + FIRST));
        standing.failed("dead".to_owned(), false, now + FIRST);
        assert!(!standing.is_barred(now + FIRST), "a dead one may be tried at any time");
    }

    #[test]
    fn one_slow_answer_does_not_make_a_host_dead_and_three_in_a_row_do() {
        let mut standing = Standing::default();
        assert!(!standing.was_late());
        assert!(!standing.was_late());
        standing.worked();
        assert!(!standing.was_late());
        assert!(!standing.was_late());
        assert!(standing.was_late());
    }
}
