//! `[database]`: where everything is kept.

use super::option::Default::{Required, Toml};
use super::option::section;
use super::reader::Reader;
use super::secret::Secret;

section! {
    /// Where everything is kept.
    Database at "database" {
        /// `postgres://name:password@host/database`, `mysql://name:password@host/database` (MariaDB too)
        /// or `sqlite:///path/to/file`.
        url: Secret = Required,
        /// Connections that one node keeps at most.
        connections: u32 = Toml("10"),
    }
}

impl Database {
    pub(super) fn validate(&self, reader: &mut Reader) {
        let scheme = self.url.reveal().split_once(':').map_or("", |(scheme, _)| scheme);
        if !["postgres", "postgresql", "mysql", "mariadb", "sqlite"].contains(&scheme) {
            reader.object("database.url", "must begin with postgres://, mysql:// or sqlite://");
        }
        if self.connections == 0 {
            reader.object("database.connections", "must be at least 1");
        }
    }
}
