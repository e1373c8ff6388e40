//! Runs one statement, whichever database it is for.
//!
//! *Why a statement may be sent twice*: PostgreSQL keeps it prepared, and refuses it from the moment
//! that a column is added to the table. It is then prepared anew. The others are told not to keep it.

use futures_util::TryStreamExt;
use sea_orm::sqlx::database::HasStatementCache;
use sea_orm::sqlx::error::BoxDynError;
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
    let mut connection = pool.acquire().await.map_err(statement)?;
    let first = ask::<D>(&mut connection, query, arguments().map_err(value)?, most).await;
    let rows = match first {
        Err(stale) if is_stale(&stale) => {
            connection.clear_cached_statements().await.map_err(statement)?;
            ask::<D>(&mut connection, query, arguments().map_err(value)?, most).await
        }
        answer => answer,
    };
    let rows = rows.map_err(statement)?;
    if rows.len() == most {
        // There may be more, which nobody reads.
        connection.close_on_drop();
    }
    rows.iter().map(|one| row(one).map_err(value)).collect()
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
