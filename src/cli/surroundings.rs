//! What a command finds around it, as a value: tests lay out their own.

use super::input::Input;
use crate::clock::Clock;

/// Environment, time, and standard input where a command reads it.
pub(super) struct Surroundings {
    pub(super) variables: Vec<(String, String)>,
    pub(super) clock: Clock,
    pub(super) input: Input,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { variables, clock: Clock::system(), input: Input::of_process() }
    }

    /// Nothing but the time.
    #[cfg(feature = "database")]
    pub(super) fn silent(clock: Clock) -> Self {
        Self { variables: Vec::new(), clock, input: Input::empty() }
    }
}
