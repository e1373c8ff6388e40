//! The tables of Vestibule, one file per change, the same for SQLite, PostgreSQL, MariaDB and MySQL.
//!
//! History knows no entities: a table is described here as it was when the change was made, and a
//! change that was released is never edited. Times are BIGINT, milliseconds since 1970. Every step
//! leaves alone what it already finds, since MariaDB and MySQL commit each statement that defines
//! something, and a migration that was cut short must be able to run again.

mod m0001_people;
mod m0002_clients;
mod m0003_sessions;
mod m0004_grants;
mod m0005_keys;
mod table;

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;

/// All changes, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_clients::Migration),
            Box::new(m0003_sessions::Migration),
            Box::new(m0004_grants::Migration),
            Box::new(m0005_keys::Migration),
        ]
    }
}
