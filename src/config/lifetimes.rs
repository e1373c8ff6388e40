//! `[lifetimes]`: how long things live, unless a client has its own figure.

use std::time::Duration;

use super::option::Default::Toml;
use super::option::section;
use super::reader::Reader;

section! {
    /// How long things live. A client may have figures of its own for its tokens.
    Lifetimes at "lifetimes" {
        /// Authorization code.
        code: Duration = Toml(r#""60s""#),
        /// Access token handed out by the authorization endpoint. It cannot be called back from resource servers
        /// that only check its signature.
        front_channel_token: Duration = Toml(r#""10m""#),
        /// Access token handed out by the token endpoint.
        access_token: Duration = Toml(r#""1h""#),
        /// ID Token.
        id_token: Duration = Toml(r#""1h""#),
        /// Refresh token that is not used.
        refresh_idle: Duration = Toml(r#""30d""#),
        /// Refresh token, however often it is used.
        refresh_absolute: Duration = Toml(r#""90d""#),
        /// Session of a person who does nothing.
        session_idle: Duration = Toml(r#""8h""#),
        /// Session, whatever the person does.
        session_absolute: Duration = Toml(r#""24h""#),
        /// Time that a person has between arriving at the login page and returning to the application.
        pending_request: Duration = Toml(r#""1h""#),
    }
}

impl Lifetimes {
    /// Every lifetime by the name of its option.
    pub fn named(&self) -> [(&'static str, Duration); 9] {
        [
            ("code", self.code),
            ("front_channel_token", self.front_channel_token),
            ("access_token", self.access_token),
            ("id_token", self.id_token),
            ("refresh_idle", self.refresh_idle),
            ("refresh_absolute", self.refresh_absolute),
            ("session_idle", self.session_idle),
            ("session_absolute", self.session_absolute),
            ("pending_request", self.pending_request),
        ]
    }

    pub(super) fn validate(&self, reader: &mut Reader) {
        let (second, minute, day) =
            (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(86_400));
        for (name, lifetime) in self.named() {
            let most = match name {
                "code" => 10 * minute, // "A maximum authorization code lifetime of 10 minutes is RECOMMENDED" (RFC 6749 §4.1.2)
                "front_channel_token" | "access_token" | "id_token" | "pending_request" => day,
                _ => 3_650 * day,
            };
            if lifetime < second || lifetime > most {
                let most = super::span::write(most);
                reader.object(
                    &format!("lifetimes.{name}"),
                    &format!("must be between 1s and {most}"),
                );
            }
        }
        for (idle, absolute, name) in [
            (self.refresh_idle, self.refresh_absolute, "refresh"),
            (self.session_idle, self.session_absolute, "session"),
        ] {
            if idle > absolute {
                reader.object(
                    &format!("lifetimes.{name}_idle"),
                    &format!("must not be longer than lifetimes.{name}_absolute"),
                );
            }
        }
    }
}
