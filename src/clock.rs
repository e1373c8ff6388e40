//! The one place that reads the time.
//!
//! *Why* a value and not a function: stories run the server in-process and move its time; the binary itself has no
//! option, variable or endpoint that could.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Says what time it is. Clones show the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// The machine's own clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    pub fn system() -> Self {
        Self::from_fn(|| match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            // A machine that believes it is before 1970 issues nothing that is valid for anyone.
            Err(_) => 0,
        })
    }

    /// A clock that shows what `read` returns, in milliseconds since 1970-01-01T00:00:00Z.
    pub fn from_fn(read: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_counts_milliseconds() {
        let second = Clock::system().now() / 1000;
        assert!((1_700_000_000..100_000_000_000).contains(&second), "{second}");
    }

    #[test]
    fn clones_show_the_same_time() {
        use std::sync::atomic::{AtomicI64, Ordering};
        let time = Arc::new(AtomicI64::new(5));
        let shown = Arc::clone(&time);
        let clock = Clock::from_fn(move || shown.load(Ordering::Relaxed));
        let other = clock.clone();
        time.store(7, Ordering::Relaxed);
        assert_eq!((clock.now(), other.now()), (7, 7));
    }
}
