//! Cells of MySQL and MariaDB, in the binary form of prepared statements.

use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::mysql::{MySqlArguments, MySqlRow, MySqlValueRef};
use sea_orm::sqlx::{
    self, Arguments, Column, Decode, Executor, MySql, MySqlConnection, Row as _, TypeInfo, ValueRef,
};

use super::calendar;
use super::cell::{Cell, Row, json};

/// A hash that is too long for its column is an error: cut, it would let nobody in again.
pub(super) async fn greet(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    let strict = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')";
    connection.execute(strict).await?;
    Ok(())
}

pub(super) fn arguments(values: &[&str]) -> Result<MySqlArguments, BoxDynError> {
    let mut arguments = MySqlArguments::default();
    for value in values {
        arguments.add((*value).to_owned())?;
    }
    Ok(arguments)
}

pub(super) fn row(row: &MySqlRow) -> Result<Row, BoxDynError> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        Ok((column.name().to_owned(), cell(value)?))
    });
    cells.collect::<Result<_, BoxDynError>>().map(Row)
}

fn cell(value: MySqlValueRef<'_>) -> Result<Cell, BoxDynError> {
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        // `BOOLEAN` is a TINYINT(1), which can hold other numbers.
        "BOOLEAN" => match <i64 as Decode<MySql>>::decode(value)? {
            truth @ (0 | 1) => Cell::Boolean(truth == 1),
            number => Cell::Number(number.to_string()),
        },
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" => {
            Cell::Number(<i64 as Decode<MySql>>::decode(value)?.to_string())
        }
        "BIT" | "YEAR" => Cell::Number(<u64 as Decode<MySql>>::decode(value)?.to_string()),
        kind if kind.ends_with("UNSIGNED") => {
            Cell::Number(<u64 as Decode<MySql>>::decode(value)?.to_string())
        }
        "FLOAT" => Cell::Number(<f32 as Decode<MySql>>::decode(value)?.to_string()),
        "DOUBLE" => Cell::Number(<f64 as Decode<MySql>>::decode(value)?.to_string()),
        "DECIMAL" => Cell::Number(text(value)?),
        "DATE" | "DATETIME" | "TIMESTAMP" => {
            let bytes = <&[u8] as Decode<MySql>>::decode(value)?;
            Cell::Time(moment(bytes, &kind).ok_or("a date that cannot be read")?)
        }
        "JSON" => json(&text(value)?),
        "CHAR" | "VARCHAR" | "TEXT" | "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM" | "SET" => {
            Cell::Text(text(value)?)
        }
        "BINARY" | "VARBINARY" | "BLOB" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            Cell::Bytes(<Vec<u8> as Decode<MySql>>::decode(value)?)
        }
        _ => Cell::Foreign(kind),
    })
}

fn text(value: MySqlValueRef<'_>) -> Result<String, BoxDynError> {
    let bytes = <&[u8] as Decode<MySql>>::decode(value)?;
    Ok(std::str::from_utf8(bytes)?.to_owned())
}

/// A length, the year, month and day, then the time and the microseconds as far as they are not zero.
fn moment(bytes: &[u8], kind: &str) -> Option<String> {
    let (_length, rest) = bytes.split_first()?;
    let (year, rest) = rest.split_first_chunk()?;
    let ([month, day], rest) = rest.split_first_chunk()?;
    let date = format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes(*year));
    if kind == "DATE" {
        return Some(date);
    }
    let ([hour, minute, second], rest) = rest.split_first_chunk().unwrap_or((&[0, 0, 0], &[]));
    let fraction = rest.first_chunk().map_or(0, |bytes| i64::from(u32::from_le_bytes(*bytes)));
    let seconds = (i64::from(*hour) * 60 + i64::from(*minute)) * 60 + i64::from(*second);
    let time = calendar::time(seconds * 1_000_000 + fraction);
    // A TIMESTAMP is sent in the zone of the session, which is UTC.
    let zone = if kind == "TIMESTAMP" { "Z" } else { "" };
    Some(format!("{date}T{time}{zone}"))
}
