//! `[login]`: how logging in is protected.

use std::time::Duration;

use super::option::Default::Toml;
use super::option::section;
use super::reader::Reader;
use super::value::{Kind, Value};

section! {
    /// How logging in is protected.
    Login at "login" {
        /// Refusals are answered at the next multiple of this time, so that its length tells nothing;
        /// should be above the usual time of the slowest backend.
        refusal_step: Duration = Toml(r#""500ms""#),
        /// Wrong passwords for one name before further tries must wait.
        attempts_per_name: u32 = Toml("10"),
        /// Wrong passwords from one address (IPv6: one /64) before further tries must wait.
        attempts_per_address: u32 = Toml("100"),
        /// Time after which wrong passwords are forgotten.
        window: Duration = Toml(r#""15m""#),
        /// Tell people after a login that their password soon expires, where the backend says so.
        password_warnings: bool = Toml("false"),
        /// SameSite attribute of our cookies: "lax", or "none" for applications of other sites that renew tokens
        /// silently in a frame (only with an https issuer).
        same_site: SameSite = Toml(r#""lax""#),
    }
}

/// The SameSite attribute of cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    Lax,
    None,
}

impl Value for SameSite {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("lax") => Ok(Self::Lax),
            Some("none") => Ok(Self::None),
            _ => Err(r#"must be "lax" or "none""#.to_owned()),
        }
    }
}

impl Login {
    pub(super) fn validate(&self, reader: &mut Reader, https: bool) {
        if self.refusal_step > Duration::from_secs(10) {
            reader.object("login.refusal_step", "must be at most 10s");
        }
        for (name, attempts) in [
            ("login.attempts_per_name", self.attempts_per_name),
            ("login.attempts_per_address", self.attempts_per_address),
        ] {
            if attempts == 0 {
                reader.object(name, "must be at least 1, or nobody can log in");
            }
        }
        if self.window < Duration::from_secs(1) || self.window > Duration::from_secs(86_400) {
            reader.object("login.window", "must be between 1s and 1d");
        }
        if self.same_site == SameSite::None && !https {
            reader.object(
                "login.same_site",
                "can be \"none\" only with an issuer that begins with https://",
            );
        }
    }
}
