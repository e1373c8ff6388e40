//! The database: SQLite, PostgreSQL, MariaDB or MySQL, behind sea-orm.
//!
//! One noun per file with few verbs (`find` may find nothing, `put` inserts or replaces), the tables
//! in [`entity`]. Whatever is checked and then used is one conditional statement whose outcome
//! decides. Nothing in here judges: rows come back as they are, and what they mean is for
//! `protocol` and `identity` to say.
//!
//! *Why* two connections: on SQLite every write goes through one connection, and what many requests
//! write at once through the [`writer`], which makes one commit of many. Elsewhere both are
//! one pool. Reads that decide go to the same server as the writes.

pub mod accounts;
pub mod administrators;
pub mod attempts;
pub mod clients;
mod connect;
pub mod consents;
pub mod entity;
mod fault;
pub mod grants;
pub mod keys;
pub mod liveness;
pub mod redemptions;
pub mod refresh_tokens;
pub mod revocations;
#[cfg(test)]
pub(crate) mod scratch;
pub mod sessions;
mod sweep;
#[cfg(test)]
mod tests;
pub mod writer;

use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use vestibule_migrations::{Migrator, MigratorTrait};

pub use connect::file;
pub use entity::{
    account, administrator, attempt, client, consent, grant, key, redemption, refresh_token,
    revocation, session,
};
pub use fault::Fault;
pub use sweep::sweep;
pub use writer::{Outcome, Write};

/// Where the database is and how many connections it may be asked for.
pub struct Settings {
    /// `sqlite:FILE`, `postgres://…`, `mysql://…` or `mariadb://…`; may hold a password.
    pub url: String,
    /// At most so many connections; on SQLite so many readers, but no more than four.
    pub connections: u32,
    /// How long a request waits for a connection before it is told that there is none.
    pub patience: Duration,
}

impl Settings {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 16, patience: Duration::from_secs(5) }
    }
}

/// The database. Clones share its connections and its writer.
#[derive(Clone)]
pub struct Storage {
    reads: DatabaseConnection,
    writes: DatabaseConnection,
    writer: writer::Writer,
}

impl Storage {
    /// Connects, and on SQLite creates the file. Tables are made by [`Storage::migrate`].
    pub async fn open(settings: &Settings) -> Result<Self, Fault> {
        let connect::Connections { reads, writes } = connect::open(settings).await?;
        let writer = writer::Writer::start(writes.clone());
        Ok(Self { reads, writes, writer })
    }

    /// Brings the tables up to date; does nothing if they are.
    pub async fn migrate(&self) -> Result<(), Fault> {
        Ok(Migrator::up(&self.writes, None).await?)
    }

    /// The names of the changes that [`Storage::migrate`] would make.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Fault> {
        let pending = Migrator::get_pending_migrations_read_only(&self.reads).await?;
        Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
    }

    /// Whether the database answers and the writer lives.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.writer.is_alive()?;
        Ok(self.reads.ping().await?)
    }

    /// Waits for nobody: call it when the last request is over.
    pub async fn close(self) -> Result<(), Fault> {
        self.reads.close_by_ref().await?;
        Ok(self.writes.close_by_ref().await?)
    }

    /// For reading.
    pub const fn connection(&self) -> &DatabaseConnection {
        &self.reads
    }

    /// For writing what few requests write; on SQLite there is only one.
    pub const fn write_connection(&self) -> &DatabaseConnection {
        &self.writes
    }

    /// Writes in one commit with others, and answers when the rows are durable.
    pub async fn commit(&self, write: Write) -> Result<Outcome, Fault> {
        self.writer.commit(write).await
    }

    /// Begins a transaction; unless it is committed, it never was.
    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        begin(&self.writes).await
    }
}

/// So often a transaction is tried. With two tries, half of a hundred tries at one counter over two
/// Galera nodes were refused, as each node breaks off what the other has just committed.
const TRIES: usize = 8;

/// Runs a transaction, and again if the database broke it off in favour of another.
async fn despite_deadlock<T, F>(transact: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let mut outcome = transact().await;
    for _ in 1..TRIES {
        match &outcome {
            Err(error) if fault::is_deadlock(error) => outcome = transact().await,
            _ => break,
        }
    }
    Ok(outcome?)
}

/// On SQLite a transaction takes the lock at once: a reader that becomes a writer could
/// find that another process wrote in between, and fail.
async fn begin(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    database.begin_with_options(options).await
}

/// Whether a name from outside can be a key at all: PostgreSQL refuses to be asked for a NUL.
fn is_name(name: &str) -> bool {
    !name.contains('\0')
}

/// Whether the row was inserted; not, if one with its key is there already.
fn inserted(outcome: Result<u64, DbErr>) -> Result<bool, Fault> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if fault::is_conflict(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
