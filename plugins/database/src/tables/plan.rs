//! How the database would run a query: whether an index leads it to the row, or it reads all of them.

use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::Value;

use super::cell::{Cell, Row};
use super::database::{Database, Pool};
use super::dialect::Dialect;
use super::fault::Fault;
use super::postgres::{self, Typed};
use super::query::{Query, column};

/// The tables that a query reads as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) scanned: Vec<String>,
}

impl Database {
    /// Asks for the plan of a query, and does not run it.
    pub(super) async fn plan(&self, query: &Query) -> Result<Plan, Fault> {
        let explained =
            |word: &str| Query { sql: format!("{word} {}", query.sql), ..query.clone() };
        let any: Vec<_> = query.places.iter().map(|place| (*place, "0")).collect();
        let scanned = match self.pool() {
            Pool::Sqlite(_) => {
                let rows = self.rows(&explained("EXPLAIN QUERY PLAN"), &any, 1000).await?;
                rows.iter().filter_map(scanned_by_sqlite).collect()
            }
            Pool::Mysql(_) => {
                let rows = self.rows(&explained("EXPLAIN"), &any, 1000).await?;
                rows.iter().filter_map(scanned_by_mysql).collect()
            }
            Pool::Postgres(pool) => {
                let plan = postgres_plan(self, pool, query).await?;
                let mut scanned = Vec::new();
                scanned_by_postgres(&plan, &mut scanned);
                scanned
            }
        };
        Ok(Plan { scanned })
    }
}

/// `SCAN users`, and not `SEARCH users USING INDEX …`.
fn scanned_by_sqlite(row: &Row) -> Option<String> {
    let Ok(Some(Cell::Text(detail))) = row.find("detail") else { return None };
    let rest = detail.strip_prefix("SCAN ")?;
    let table = rest.split_whitespace().next()?;
    (!table.starts_with('(') && table != "CONSTANT").then(|| table.to_owned())
}

/// The access type `ALL` reads every row, `index` every entry of an index.
fn scanned_by_mysql(row: &Row) -> Option<String> {
    let text = |column: &str| match row.find(column) {
        Ok(Some(Cell::Text(text))) => Some(text.clone()),
        _ => None,
    };
    let table = text("table").filter(|table| !table.starts_with('<'))?;
    matches!(text("type")?.as_str(), "ALL" | "index").then_some(table)
}

/// While a table is small, PostgreSQL reads it as a whole whatever indexes there are: so it is asked
/// what it would do if that were dear.
async fn postgres_plan(
    database: &Database,
    pool: &sqlx::PgPool,
    query: &Query,
) -> Result<Value, Fault> {
    let statement = |cause| Fault::statement(query, cause);
    let value = |cause| Fault::value(query, cause);
    let kinds = database.expected(pool, query).await?;
    let mut values = Vec::new();
    for (place, kind) in query.places.iter().zip(kinds.iter()) {
        values.extend(Typed::any(kind).map_err(|kind| Fault::kind(query, *place, kind))?);
    }
    let arguments = postgres::arguments(&values).map_err(value)?;
    let mut transaction = pool.begin().await.map_err(statement)?;
    sqlx::query("SET LOCAL enable_seqscan = off")
        .execute(&mut *transaction)
        .await
        .map_err(statement)?;
    let sql = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {}", query.sql));
    let row =
        sqlx::query_with(sql, arguments).fetch_one(&mut *transaction).await.map_err(statement)?;
    let Row(cells) = postgres::row(&row).map_err(value)?;
    Ok(match cells.into_iter().next() {
        // The plan is the only member of an array.
        Some((_, Cell::Several(plans))) => match plans.into_iter().next() {
            Some(Cell::Text(plan)) => serde_json::from_str(&plan).unwrap_or_default(),
            _ => Value::Null,
        },
        _ => Value::Null,
    })
}

fn scanned_by_postgres(node: &Value, scanned: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
            let whole = match text("Node Type") {
                "Seq Scan" => true,
                "Index Scan" | "Index Only Scan" => !members.contains_key("Index Cond"),
                _ => false,
            };
            if whole {
                scanned.push(text("Relation Name").to_owned());
            }
            members.values().for_each(|member| scanned_by_postgres(member, scanned));
        }
        Value::Array(items) => items.iter().for_each(|item| scanned_by_postgres(item, scanned)),
        _ => {}
    }
}

/// What there is to say of a query that reads whole tables.
pub(super) fn remedy(query: &Query, scanned: &[String], dialect: Dialect) -> String {
    let who = match query.option {
        "query" => "login",
        "lookup_query" => "look-up",
        _ => "login and look-up",
    };
    let tables = scanned.join("`, `");
    let remedy = match query.compared.as_deref() {
        // MariaDB has no indexes on expressions.
        Some(left) if dialect == Dialect::Mysql && left.contains('(') => format!(
            "compare `{}` itself, whose collation may well ignore case, or a generated column with an index",
            column(left)
        ),
        Some(left) => format!("add an index on `{left}`"),
        None => "add an index".to_owned(),
    };
    format!("every {who} reads all of `{tables}`, and costs more the more rows there are; {remedy}")
}
