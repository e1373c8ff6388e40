//! How each database is connected to, and what every connection is told first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, Executor, MySqlConnection, PgConnection, Row};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use super::{Fault, Settings};

/// A connection that was idle for longer is tried before it is used: a proxy may have dropped it.
const FRESH: Duration = Duration::from_secs(10);

/// A connection keeps so many statements prepared, which is more than there are.
const PREPARED: usize = 256;

/// SQLite reads no faster with more; each is a thread with a cache of its own.
const READERS: u32 = 4;

/// Where to read, and where to write.
pub(super) struct Connections {
    pub(super) reads: DatabaseConnection,
    pub(super) writes: DatabaseConnection,
}

pub(super) async fn open(settings: &Settings) -> Result<Connections, Fault> {
    match settings.url.split_once(':') {
        Some(("sqlite", _)) => sqlite(settings).await,
        Some(("postgres" | "postgresql", _)) => {
            let mut options = options(&settings.url, settings);
            options.map_sqlx_postgres_opts(|options| options.statement_cache_capacity(PREPARED));
            options.map_sqlx_postgres_pool_opts(|pool| {
                pool.after_connect(|connection, _| Box::pin(greet_postgres(connection)))
            });
            let pool = Database::connect(options).await?;
            Ok(Connections { reads: pool.clone(), writes: pool })
        }
        Some(("mysql" | "mariadb", place)) => {
            let mut options = options(&format!("mysql:{place}"), settings);
            options.map_sqlx_mysql_opts(|options| options.statement_cache_capacity(PREPARED));
            options.map_sqlx_mysql_pool_opts(|pool| {
                pool.after_connect(|connection, _| Box::pin(greet_mysql(connection)))
            });
            let pool = Database::connect(options).await?;
            Ok(Connections { reads: pool.clone(), writes: pool })
        }
        _ => Err(Fault::Broken(
            "the address must begin with sqlite:, postgres:, mysql: or mariadb:".to_owned(),
        )),
    }
}

/// The file of an SQLite database, if the address is of one.
pub fn file(url: &str) -> Option<PathBuf> {
    let place: SqliteConnectOptions =
        url.starts_with("sqlite:").then(|| url.parse().ok()).flatten()?;
    Some(place.get_filename().to_owned())
}

/// On SQLite there are many readers and one writer. Every write goes through that one connection,
/// as two would only wait for each other's lock.
async fn sqlite(settings: &Settings) -> Result<Connections, Fault> {
    let place: SqliteConnectOptions = settings
        .url
        .parse()
        .map_err(|error: sqlx::Error| Fault::Broken(format!("the address: {error}")))?;
    if settings.url.contains(":memory:") || settings.url.contains("mode=memory") {
        return Err(Fault::Broken("SQLite needs a file".to_owned()));
    }
    create(place.get_filename())?;

    let mut writer = options(&settings.url, settings);
    writer.max_connections(1).idle_timeout(None).max_lifetime(None);
    // Hashes are written all over the indexes: this is room for the pages that one commit touches
    // (4 MiB), and a checkpoint when most of them have changed more than once (16 MiB).
    writer.map_sqlx_sqlite_opts(|options| {
        durable(options).pragma("cache_size", "-4096").pragma("wal_autocheckpoint", "4000")
    });
    let writes = Database::connect(writer).await?;

    let mut reader = options(&settings.url, settings);
    reader.max_connections(settings.connections.min(READERS));
    reader.idle_timeout(None).max_lifetime(None);
    // What they do not keep themselves (512 KiB each), the system keeps once for all of them.
    reader.map_sqlx_sqlite_opts(|options| {
        durable(options).pragma("query_only", "on").pragma("cache_size", "-512")
    });
    let reads = Database::connect(reader).await?;
    Ok(Connections { reads, writes })
}

fn durable(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(PREPARED)
}

/// Creates the file, readable by its owner alone. SQLite gives its companions the same mode.
fn create(file: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::OpenOptionsExt;

    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Fault::Broken(format!("{}: {error}", file.display()))),
    }
}

/// Rows are always found by an index. Otherwise the plan of a prepared statement, made while a table
/// was nearly empty, reads all of it long after it has grown.
async fn greet_postgres(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("SET enable_seqscan = off").await?;
    Ok(())
}

/// Text that is too long is an error and never cut. A statement sees what others committed before
/// it, which also spares the gap locks. On a Galera cluster it waits until this node has caught up,
/// since otherwise a code just redeemed on another node would look unused here.
async fn greet_mysql(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    connection.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')").await?;
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    let galera = connection.fetch_optional("SHOW VARIABLES LIKE 'wsrep_on'").await?;
    if galera.is_some_and(|row| row.try_get(1).is_ok_and(|value: String| value == "ON")) {
        connection.execute("SET SESSION wsrep_sync_wait = 1").await?;
    }
    Ok(())
}

fn options(url: &str, settings: &Settings) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(settings.connections)
        .acquire_timeout(settings.patience)
        .test_before_acquire_if_idle_for(FRESH)
        .sqlx_logging(false);
    options
}
