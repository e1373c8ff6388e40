//! The database behind a backend: a pool of connections, opened when first needed, and what was last
//! seen of it.
//!
//! *Why no statement is kept prepared*: it would break behind PgBouncer, and after a column was added
//! to the table. A login costs a slow hash anyway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt;
use sea_orm::sqlx::database::HasStatementCache;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::PgTypeInfo;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Column, Either, Executor, IntoArguments, MySqlPool, PgPool, SqlSafeStr,
    SqlitePool, Statement,
};
use vestibule_plugin::{Host, HostState, Unavailable};

use super::cell::Row;
use super::place::Place;
use super::postgres::Typed;
use super::query::{Placeholder, Query};
use super::{mysql, postgres, sqlite};

/// How long to wait for a connection, a new one or one that others use.
const PATIENCE: Duration = Duration::from_secs(3);

/// The values of a statement.
pub(super) type Values<'a> = &'a [(Placeholder, &'a str)];

/// Why a statement brought no answer. For the operator: never with a value.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection to {place} could be had within {} s", PATIENCE.as_secs())]
    NoConnection { place: String },
    #[error("`{option}` failed: {cause}")]
    Statement { option: &'static str, cause: sqlx::Error },
    #[error("`{option}` brought a value that cannot be read: {cause}")]
    Value { option: &'static str, cause: BoxDynError },
    #[error(
        "`{option}` compares `:{placeholder}` with the type {kind}; cast the other side to text"
    )]
    Kind { option: &'static str, placeholder: &'static str, kind: String },
}

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self::because(fault)
    }
}

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
                Pool::Sqlite(options(self.connections).connect_lazy_with(place.as_ref().clone()))
            }
            Place::Postgres(place) => {
                Pool::Postgres(options(self.connections).connect_lazy_with(place.as_ref().clone()))
            }
            Place::Mysql(place) => {
                Pool::Mysql(options(self.connections).connect_lazy_with(place.as_ref().clone()))
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
            Pool::Sqlite(pool) => match sqlite::arguments(&in_order(query, values)) {
                Ok(arguments) => read(pool, query, arguments, most, sqlite::row).await,
                Err(cause) => Err(Fault::Value { option: query.option, cause }),
            },
            Pool::Mysql(pool) => match mysql::arguments(&in_order(query, values)) {
                Ok(arguments) => read(pool, query, arguments, most, mysql::row).await,
                Err(cause) => Err(Fault::Value { option: query.option, cause }),
            },
            Pool::Postgres(pool) => match self.typed(pool, query, values).await {
                Ok(Some(arguments)) => read(pool, query, arguments, most, postgres::row).await,
                Ok(None) => Ok(Vec::new()),
                Err(fault) => Err(fault),
            },
        };
        self.noted(query, answer)
    }

    /// How many rows a statement changed.
    pub(super) async fn write(&self, query: &Query, values: Values<'_>) -> Result<u64, Fault> {
        let sql = AssertSqlSafe(query.sql.clone());
        let statement = |cause| Fault::Statement { option: query.option, cause };
        let value = |cause| Fault::Value { option: query.option, cause };
        let answer = match self.pool() {
            Pool::Sqlite(pool) => {
                let arguments = sqlite::arguments(&in_order(query, values)).map_err(value)?;
                let done = sqlx::query_with(sql, arguments).persistent(false).execute(pool).await;
                done.map(|done| done.rows_affected()).map_err(statement)
            }
            Pool::Mysql(pool) => {
                let arguments = mysql::arguments(&in_order(query, values)).map_err(value)?;
                let done = sqlx::query_with(sql, arguments).persistent(false).execute(pool).await;
                done.map(|done| done.rows_affected()).map_err(statement)
            }
            Pool::Postgres(pool) => match self.typed(pool, query, values).await {
                Ok(Some(arguments)) => {
                    let done =
                        sqlx::query_with(sql, arguments).persistent(false).execute(pool).await;
                    done.map(|done| done.rows_affected()).map_err(statement)
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
    ) -> Result<Option<sqlx::postgres::PgArguments>, Fault> {
        let kinds = self.expected(pool, query).await?;
        let mut typed = Vec::new();
        for (place, kind) in query.places.iter().zip(kinds.iter()) {
            let value = Typed::new(kind, value(*place, values));
            match value.map_err(|kind| strange(query, *place, kind))? {
                Some(value) => typed.push(value),
                None => return Ok(None),
            }
        }
        let arguments = postgres::arguments(typed);
        arguments.map(Some).map_err(|cause| Fault::Value { option: query.option, cause })
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
        let statement = pool.prepare(sql).await;
        let statement =
            statement.map_err(|cause| Fault::Statement { option: query.option, cause })?;
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

async fn read<D>(
    pool: &sqlx::Pool<D>,
    query: &Query,
    arguments: D::Arguments,
    most: usize,
    row: fn(&D::Row) -> Result<Row, BoxDynError>,
) -> Result<Vec<Row>, Fault>
where
    D: sqlx::Database + HasStatementCache,
    D::Arguments: IntoArguments<D>,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    let statement = |cause| Fault::Statement { option: query.option, cause };
    let mut connection = pool.acquire().await.map_err(statement)?;
    // Safe: it is as configured, but for the places of the values.
    let sql = AssertSqlSafe(query.sql.clone());
    let mut stream = sqlx::query_with(sql, arguments).persistent(false).fetch(&mut *connection);
    let mut rows = Vec::new();
    while rows.len() < most {
        let Some(next) = stream.try_next().await.map_err(statement)? else { break };
        rows.push(row(&next).map_err(|cause| Fault::Value { option: query.option, cause })?);
    }
    Ok(rows)
}

async fn columns<D>(pool: &sqlx::Pool<D>, query: &Query) -> Result<Vec<String>, Fault>
where
    D: sqlx::Database,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    let statement = |cause| Fault::Statement { option: query.option, cause };
    let mut connection = pool.acquire().await.map_err(statement)?;
    let sql = AssertSqlSafe(query.sql.clone()).into_sql_str();
    let prepared = (&mut *connection).prepare(sql).await.map_err(statement)?;
    Ok(prepared.columns().iter().map(|column| column.name().to_owned()).collect())
}

fn in_order<'a>(query: &Query, values: Values<'a>) -> Vec<&'a str> {
    query.places.iter().map(|place| value(*place, values)).collect()
}

fn value<'a>(place: Placeholder, values: Values<'a>) -> &'a str {
    values.iter().find(|(known, _)| *known == place).map_or("", |(_, value)| value)
}

pub(super) fn strange(query: &Query, place: Placeholder, kind: String) -> Fault {
    Fault::Kind { option: query.option, placeholder: place.name(), kind }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
