//! Cells of SQLite, whose values and not whose columns have types.

use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sea_orm::sqlx::{Arguments, Column, Decode, Row as _, Sqlite, TypeInfo, ValueRef};

use super::cell::{Cell, Row};

pub(super) fn arguments(values: &[&str]) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        arguments.add((*value).to_owned())?;
    }
    Ok(arguments)
}

pub(super) fn row(row: &SqliteRow) -> Result<Row, BoxDynError> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        Ok((column.name().to_owned(), cell(value)?))
    });
    cells.collect::<Result<_, BoxDynError>>().map(Row)
}

fn cell(value: SqliteValueRef<'_>) -> Result<Cell, BoxDynError> {
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" | "BOOLEAN" => Cell::Number(<i64 as Decode<Sqlite>>::decode(value)?.to_string()),
        "REAL" => Cell::Number(<f64 as Decode<Sqlite>>::decode(value)?.to_string()),
        "BLOB" => Cell::Bytes(<Vec<u8> as Decode<Sqlite>>::decode(value)?),
        _ => Cell::Text(<String as Decode<Sqlite>>::decode(value)?),
    })
}
