//! The time that a provider, its browsers and its applications share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use vestibule::clock::Clock;

/// Begins at the present and then stands still until it is moved, so that nothing depends on how
/// fast a story runs and foreign software still finds the tokens valid.
#[derive(Clone)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Clock::system().now())))
    }

    /// Lets time pass.
    pub fn pass(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Sets the clock back, as a correction may.
    pub fn go_back(&self, duration: Duration) {
        self.0.fetch_sub(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Lets whole seconds pass.
    pub fn pass_seconds(&self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// Seconds since 1970, as tokens say it.
    pub fn seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst).div_euclid(1000)
    }

    /// The same time, as the provider reads it.
    pub fn clock(&self) -> Clock {
        let shared = Arc::clone(&self.0);
        Clock::from_fn(move || shared.load(Ordering::SeqCst))
    }
}
