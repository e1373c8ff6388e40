//! `[identity]`: what holds for all backends.

use std::time::Duration;

use super::option::Default::Toml;
use super::option::section;
use super::reader::Reader;

section! {
    /// What holds for all backends.
    Identity at "identity" {
        /// Age up to which what a backend said of a person is used without asking it again.
        attributes_fresh_for: Duration = Toml(r#""60s""#),
        /// Failures of a backend in a row after which it is left alone until it answers again; time-outs are
        /// failures, refusals are not.
        breaker_failures: u32 = Toml("5"),
    }
}

impl Identity {
    pub(super) fn validate(&self, reader: &mut Reader) {
        if self.attributes_fresh_for > Duration::from_secs(86_400) {
            reader.object("identity.attributes_fresh_for", "must be at most 1d");
        }
        if self.breaker_failures == 0 {
            reader.object(
                "identity.breaker_failures",
                "must be at least 1, or no backend would ever be asked",
            );
        }
    }
}
