//! The database behind a backend: a pool of connections, opened when first needed, and what was last
//! seen of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::mysql::MySqlQueryResult;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgQueryResult, PgTypeInfo};
use sea_orm::sqlx::sqlite::SqliteQueryResult;
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions, Connection, Either, Executor, MySqlPool, PgPool,
    SqlSafeStr, SqlitePool, Statement,
};
use tokio::time::timeout;
use vestibule_plugin::{Host, HostState};

use super::cell::Row;
use super::fault::Fault;
use super::place::Place;
use super::postgres::Typed;
use super::query::{Placeholder, Query};
use super::statement::{Lease, change, columns, read};
use super::{mysql, postgres, sqlite};

/// How long to wait for a connection, a new one or one that others use.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// SQLite notices by a statement that a table was changed, and sqlx does not expect more columns of
/// it than it was prepared with: so it may notice by this one, which always has the same.
const FRESH_SCHEMA: &str = "SELECT 1 FROM sqlite_schema LIMIT 1";

/// The values of a statement.
pub(super) type Values<'a> = &'a [(Placeholder, &'a str)];

/// A database and the connections to it.
pub(super) struct Database {
    pub(super) place: Place,
    connections: u32,
    pool: OnceLock<Pool>,
    seen: Mutex<HostState>,
    /// What PostgreSQL expects in the places of each statement, by its option.
    expected: Mutex<HashMap<&'static str, Arc<[PgTypeInfo]>>>,
}

pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    Mysql(MySqlPool),
}

impl Database {
    /// Connects to nothing yet.
    pub(super) fn new(place: Place, connections: u32) -> Self {
        Self {
            place,
            connections,
            pool: OnceLock::new(),
            seen: Mutex::new(HostState::Untried),
            expected: Mutex::default(),
        }
    }

    /// The same place, with a connection of its own.
    pub(super) fn afresh(&self) -> Self {
        Self::new(self.place.clone(), 1)
    }

    /// Within the runtime only, whose task a pool keeps its connections with.
    pub(super) fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| match &self.place {
            Place::Sqlite(place) => {
                let options = options(self.connections).before_acquire(|connection, _| {
                    Box::pin(async {
                        sqlx::query(FRESH_SCHEMA).execute(connection).await.map(|_| true)
                    })
                });
                Pool::Sqlite(options.connect_lazy_with(place.as_ref().clone()))
            }
            Place::Postgres(place) => {
                Pool::Postgres(options(self.connections).connect_lazy_with(place.as_ref().clone()))
            }
            Place::Mysql(place) => {
                let options = options(self.connections)
                    .after_connect(|connection, _| Box::pin(mysql::greet(connection)));
                Pool::Mysql(options.connect_lazy_with(place.as_ref().clone()))
            }
        })
    }

    /// The first rows, at most so many.
    pub(super) async fn rows(
        &self,
        query: &Query,
        values: Values<'_>,
        most: usize,
    ) -> Result<Vec<Row>, Fault> {
        let answer = match self.pool() {
            Pool::Sqlite(pool) => {
                let values = in_order(query, values);
                read(pool, query, || sqlite::arguments(&values), most, sqlite::row).await
            }
            Pool::Mysql(pool) => {
                let values = in_order(query, values);
                read(pool, query, || mysql::arguments(&values), most, mysql::row).await
            }
            Pool::Postgres(pool) => match self.typed(pool, query, values).await {
                Ok(Some(values)) => {
                    read(pool, query, || postgres::arguments(&values), most, postgres::row).await
                }
                Ok(None) => Ok(Vec::new()),
                Err(fault) => Err(fault),
            },
        };
        self.noted(query, answer)
    }

    /// How many rows a statement changed; more than one are left as they were.
    pub(super) async fn write(&self, query: &Query, values: Values<'_>) -> Result<u64, Fault> {
        let value = |cause| Fault::value(query, cause);
        let answer = match self.pool() {
            Pool::Sqlite(pool) => {
                let arguments = sqlite::arguments(&in_order(query, values)).map_err(value)?;
                change(pool, query, arguments, SqliteQueryResult::rows_affected).await
            }
            Pool::Mysql(pool) => {
                let arguments = mysql::arguments(&in_order(query, values)).map_err(value)?;
                change(pool, query, arguments, MySqlQueryResult::rows_affected).await
            }
            Pool::Postgres(pool) => match self.typed(pool, query, values).await {
                Ok(Some(values)) => {
                    let arguments = postgres::arguments(&values).map_err(value)?;
                    change(pool, query, arguments, PgQueryResult::rows_affected).await
                }
                Ok(None) => Ok(0),
                Err(fault) => Err(fault),
            },
        };
        self.noted(query, answer)
    }

    /// The columns that a statement has, even if it brings no row.
    pub(super) async fn columns(&self, query: &Query) -> Result<Vec<String>, Fault> {
        let answer = match self.pool() {
            Pool::Sqlite(pool) => columns(pool, query).await,
            Pool::Mysql(pool) => columns(pool, query).await,
            Pool::Postgres(pool) => columns(pool, query).await,
        };
        self.noted(query, answer)
    }

    /// Whether a connection can be had.
    pub(super) async fn ping(&self) -> Result<(), Fault> {
        let answer = match self.pool() {
            Pool::Sqlite(pool) => pool.acquire().await.map(drop),
            Pool::Mysql(pool) => pool.acquire().await.map(drop),
            Pool::Postgres(pool) => pool.acquire().await.map(drop),
        };
        let answer = answer.map_err(|cause| Fault::Statement { option: "url", cause });
        self.note(answer)
    }

    /// Whether the database lets us in right now, and why not: a pool tries until its time is over, and
    /// then only knows that it is.
    pub(super) async fn reach(&self) -> Result<(), Fault> {
        let connecting = async {
            match &self.place {
                Place::Sqlite(place) => place.connect().await?.close().await,
                Place::Postgres(place) => place.connect().await?.close().await,
                Place::Mysql(place) => place.connect().await?.close().await,
            }
        };
        let answer = match timeout(PATIENCE, connecting).await {
            Ok(answer) => answer,
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        };
        self.note(answer.map_err(|cause| Fault::Statement { option: "url", cause }))
    }

    /// As it was last seen.
    pub(super) fn host(&self) -> Host {
        let (open, idle) = match self.pool.get() {
            None => (0, 0),
            Some(Pool::Sqlite(pool)) => (pool.size(), pool.num_idle()),
            Some(Pool::Mysql(pool)) => (pool.size(), pool.num_idle()),
            Some(Pool::Postgres(pool)) => (pool.size(), pool.num_idle()),
        };
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let pool = vestibule_plugin::Pool {
            most: count(self.connections),
            open: count(open),
            idle,
            waiting: 0,
        };
        Host { name: self.place.name(), state: lock(&self.seen).clone(), pool: Some(pool) }
    }

    /// The values as PostgreSQL expects them; `None` if one of them can be no such value.
    async fn typed(
        &self,
        pool: &PgPool,
        query: &Query,
        values: Values<'_>,
    ) -> Result<Option<Vec<Typed>>, Fault> {
        let kinds = self.expected(pool, query).await?;
        let mut typed = Vec::new();
        for (place, kind) in query.places.iter().zip(kinds.iter()) {
            let value = Typed::new(kind, value(*place, values));
            match value.map_err(|kind| Fault::kind(query, *place, kind))? {
                Some(value) => typed.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some(typed))
    }

    /// What PostgreSQL expects in each place.
    pub(super) async fn expected(
        &self,
        pool: &PgPool,
        query: &Query,
    ) -> Result<Arc<[PgTypeInfo]>, Fault> {
        if let Some(known) = lock(&self.expected).get(query.option) {
            return Ok(known.clone());
        }
        let sql = AssertSqlSafe(query.sql.clone()).into_sql_str();
        let fault = |cause| Fault::statement(query, cause);
        let mut lease = Lease::of(pool).await.map_err(fault)?;
        let statement = (&mut *lease.connection).prepare(sql).await.map_err(fault)?;
        lease.is_quiet = true;
        let kinds: Arc<[PgTypeInfo]> = match statement.parameters() {
            Some(Either::Left(kinds)) => kinds.into(),
            _ => Arc::default(),
        };
        lock(&self.expected).insert(query.option, kinds.clone());
        Ok(kinds)
    }

    /// A column may have got another type since: whatever failed is asked for anew.
    fn noted<T>(&self, query: &Query, answer: Result<T, Fault>) -> Result<T, Fault> {
        if answer.is_err() {
            lock(&self.expected).remove(query.option);
        }
        self.note(answer)
    }

    fn note<T>(&self, answer: Result<T, Fault>) -> Result<T, Fault> {
        let answer = answer.map_err(|fault| match fault {
            Fault::Statement { cause: sqlx::Error::PoolTimedOut, .. } => {
                Fault::NoConnection { place: self.place.name() }
            }
            other => other,
        });
        *lock(&self.seen) = match &answer {
            Err(
                fault @ (Fault::NoConnection { .. }
                | Fault::Statement {
                    cause: sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_),
                    ..
                }),
            ) => HostState::Down { cause: fault.to_string(), retry_in: Duration::ZERO },
            // What the database itself refuses shows that it is there.
            _ => HostState::Up,
        };
        answer
    }
}

fn options<D: sqlx::Database>(connections: u32) -> PoolOptions<D> {
    PoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(true)
}

fn in_order<'a>(query: &Query, values: Values<'a>) -> Vec<&'a str> {
    query.places.iter().map(|place| value(*place, values)).collect()
}

fn value<'a>(place: Placeholder, values: Values<'a>) -> &'a str {
    values.iter().find(|(known, _)| *known == place).map_or("", |(_, value)| value)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
