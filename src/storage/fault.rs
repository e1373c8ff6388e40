//! What can go wrong with a database, in two kinds: try again later, or call somebody.
//!
//! This is the one place that knows the error codes of the four databases.

use sea_orm::sqlx::{self, error::DatabaseError};
use sea_orm::{DbErr, RuntimeErr, SqlxMySqlError};

/// For the operator's log; whoever asked is told 503 or `server_error`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The database cannot answer now, but may in a moment (503).
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// It answered, and not as it should have.
    #[error("the database failed: {0}")]
    Broken(String),
}

impl Fault {
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        if is_passing(&error) {
            Self::Unavailable(error.to_string())
        } else {
            Self::Broken(error.to_string())
        }
    }
}

/// Whether the database broke the transaction off so that another one could go on.
pub(super) fn is_deadlock(error: &DbErr) -> bool {
    refusal(error).is_some_and(|refusal| match refusal {
        Refusal::MySql(number) => number == 1213,
        Refusal::Postgres(state) => matches!(state.as_str(), "40001" | "40P01"),
        Refusal::Sqlite(_) => false,
    })
}

/// Whether such a row is there already.
pub(super) fn is_conflict(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}

fn is_passing(error: &DbErr) -> bool {
    if let DbErr::ConnectionAcquire(_) = error {
        return true;
    }
    match refusal(error) {
        None => sqlx_error(error).is_some_and(is_lost),
        Some(Refusal::MySql(number)) => MYSQL_PASSING.contains(&number),
        Some(Refusal::Postgres(state)) => {
            POSTGRES_PASSING.iter().any(|class| state.starts_with(class))
        }
        Some(Refusal::Sqlite(code)) => SQLITE_PASSING.contains(&(code & 0xff)),
    }
}

/// Too many connections, a node outside its cluster (1047), shutting down, lock wait, deadlock,
/// read-only (1290, 1792, 1836), time limit of a statement, killed.
const MYSQL_PASSING: [u16; 14] =
    [1040, 1047, 1053, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1290, 1792, 1836, 1927];

/// Connection lost, read-only, deadlock, resources, a lock not given, cancelled or shutting down.
const POSTGRES_PASSING: [&str; 7] = ["08", "25006", "40", "53", "55P03", "57", "58030"];

/// Busy, locked, read-only, disk full.
const SQLITE_PASSING: [i32; 4] = [5, 6, 8, 13];

/// The connection is gone, or there was none to be had.
const fn is_lost(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
}

enum Refusal {
    MySql(u16),
    Postgres(String),
    Sqlite(i32),
}

/// The code that the database itself gave.
fn refusal(error: &DbErr) -> Option<Refusal> {
    let error: &dyn DatabaseError = sqlx_error(error)?.as_database_error()?;
    if let Some(error) = error.try_downcast_ref::<SqlxMySqlError>() {
        return Some(Refusal::MySql(error.number()));
    }
    let code = error.code()?;
    if error.try_downcast_ref::<sea_orm::SqlxPostgresError>().is_some() {
        return Some(Refusal::Postgres(code.into_owned()));
    }
    code.parse().ok().map(Refusal::Sqlite)
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}
