//! Runs one statement, whichever database it is for.
//!
//! *Why a statement may be sent twice*: PostgreSQL keeps it prepared, and refuses it from the moment
//! that a column is added to the table. It is then prepared anew. The others are told not to keep it.

use futures_util::TryStreamExt;
use sea_orm::sqlx::database::HasStatementCache;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Column, Connection, Either, Executor, IntoArguments, SqlSafeStr, Statement,
};

use super::cell::Row;
use super::fault::Fault;
use super::query::Query;

/// The first rows of a statement, at most so many.
pub(super) async fn read<D>(
    pool: &sqlx::Pool<D>,
    query: &Query,
    arguments: impl Fn() -> Result<D::Arguments, BoxDynError>,
    most: usize,
    row: fn(&D::Row) -> Result<Row, BoxDynError>,
) -> Result<Vec<Row>, Fault>
where
    D: sqlx::Database + HasStatementCache,
    D::Arguments: IntoArguments<D>,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    let statement = |cause| Fault::statement(query, cause);
    let value = |cause| Fault::value(query, cause);
    let mut lease = Lease::of(pool).await.map_err(statement)?;
    let connection = &mut *lease.connection;
    let first = ask::<D>(connection, query, arguments().map_err(value)?, most).await;
    let rows = match first {
        Err(stale) if is_stale(&stale) => {
            connection.clear_cached_statements().await.map_err(statement)?;
            ask::<D>(connection, query, arguments().map_err(value)?, most).await
        }
        answer => answer,
    };
    lease.is_quiet = match &rows {
        // There may be more, which nobody reads.
        Ok(rows) => rows.len() < most,
        Err(fault) => fault.as_database_error().is_some(),
    };
    let rows = rows.map_err(statement)?;
    rows.iter().map(|one| row(one).map_err(value)).collect()
}

/// How many rows a statement changed. More than one are left as they were.
pub(super) async fn change<D>(
    pool: &sqlx::Pool<D>,
    query: &Query,
    arguments: D::Arguments,
    count: fn(&D::QueryResult) -> u64,
) -> Result<u64, Fault>
where
    D: sqlx::Database + HasStatementCache,
    D::Arguments: IntoArguments<D>,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    let statement = |cause| Fault::statement(query, cause);
    let sql = AssertSqlSafe(query.sql.clone());
    let kept = D::NAME == <sqlx::Postgres as sqlx::Database>::NAME;
    let mut lease = Lease::of(pool).await.map_err(statement)?;
    let mut transaction = lease.connection.begin().await.map_err(statement)?;
    let asked = sqlx::query_with(sql, arguments).persistent(kept);
    let rows = count(&asked.execute(&mut *transaction).await.map_err(statement)?);
    let ended = match rows {
        0 | 1 => transaction.commit().await,
        _ => transaction.rollback().await,
    };
    ended.map_err(statement)?;
    lease.is_quiet = true;
    Ok(rows)
}

/// A connection of the pool, which goes back to it only when nothing more is expected of it. A call
/// may be given up at any time, and the pool would wait for its answer however long that took.
pub(super) struct Lease<D: sqlx::Database> {
    pub(super) connection: PoolConnection<D>,
    pub(super) is_quiet: bool,
}

impl<D: sqlx::Database> Lease<D> {
    pub(super) async fn of(pool: &sqlx::Pool<D>) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: pool.acquire().await?, is_quiet: false })
    }
}

impl<D: sqlx::Database> Drop for Lease<D> {
    fn drop(&mut self) {
        if !self.is_quiet {
            self.connection.close_on_drop();
        }
    }
}

async fn ask<D>(
    connection: &mut D::Connection,
    query: &Query,
    arguments: D::Arguments,
    most: usize,
) -> Result<Vec<D::Row>, sqlx::Error>
where
    D: sqlx::Database + HasStatementCache,
    D::Arguments: IntoArguments<D>,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    // Safe: it is as configured, but for the places of the values.
    let sql = AssertSqlSafe(query.sql.clone());
    // Types of its own are asked for between preparing and running, so the statement needs a name.
    let kept = D::NAME == <sqlx::Postgres as sqlx::Database>::NAME;
    let mut stream = connection.fetch_many(sqlx::query_with(sql, arguments).persistent(kept));
    let (mut rows, mut ended) = (Vec::new(), false);
    while let Some(next) = stream.try_next().await? {
        match next {
            Either::Left(_) => ended = true,
            Either::Right(row) => rows.push(row),
        }
        if rows.len() == most {
            return Ok(rows);
        }
    }
    // Without the end of a statement, no rows do not mean that there are none.
    if ended { Ok(rows) } else { Err(sqlx::Error::WorkerCrashed) }
}

/// `feature_not_supported` ("cached plan must not change result type") and
/// `invalid_sql_statement_name`: the server refused before it did anything.
fn is_stale(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|refused| refused.code());
    matches!(code.as_deref(), Some("0A000" | "26000"))
}

/// The columns of a statement, which is not run.
pub(super) async fn columns<D>(pool: &sqlx::Pool<D>, query: &Query) -> Result<Vec<String>, Fault>
where
    D: sqlx::Database,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    let statement = |cause| Fault::statement(query, cause);
    let mut connection = pool.acquire().await.map_err(statement)?;
    let sql = AssertSqlSafe(query.sql.clone()).into_sql_str();
    let prepared = (&mut *connection).prepare(sql).await.map_err(statement)?;
    Ok(prepared.columns().iter().map(|column| column.name().to_owned()).collect())
}
