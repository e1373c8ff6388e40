//! Cells of PostgreSQL in its binary form, and values of the types that a statement expects.
//!
//! *Why the types are asked for*: a value sent as text would make `id = :subject` an error on a column
//! of numbers, and `mail = :username` distinguish case on one of `citext`. So the server says what it
//! expects, and a text that can be no such value is compared with nothing.

use sea_orm::sqlx::encode::{Encode, IsNull};
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo, PgTypeKind, PgValueFormat, Postgres,
};
use sea_orm::sqlx::{Arguments, Column, Row as _, Type, TypeInfo, ValueRef};

use super::calendar;
use super::cell::{Cell, Row, json};
use super::numeric;

/// Days and microseconds are counted from 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;
const EPOCH_MICROSECONDS: i64 = EPOCH_DAYS * 86_400_000_000;

/// A value of a type that the server asked for.
pub(super) struct Typed {
    kind: PgTypeInfo,
    bytes: Vec<u8>,
}

impl Typed {
    /// `Ok(None)` for a text that is no value of the type; the type's name, if it is not written.
    pub(super) fn new(kind: &PgTypeInfo, text: &str) -> Result<Option<Self>, String> {
        let bytes = match kind.name() {
            "INT2" => text.parse().ok().map(|number: i16| number.to_be_bytes().to_vec()),
            "INT4" => text.parse().ok().map(|number: i32| number.to_be_bytes().to_vec()),
            "INT8" => text.parse().ok().map(|number: i64| number.to_be_bytes().to_vec()),
            "UUID" => uuid_bytes(text),
            _ if is_text(kind) => Some(text.as_bytes().to_vec()),
            other => return Err(other.to_owned()),
        };
        Ok(bytes.map(|bytes| Self { kind: kind.clone(), bytes }))
    }

    /// Some value of the type, to plan a statement with.
    pub(super) fn any(kind: &PgTypeInfo) -> Result<Option<Self>, String> {
        let uuid = "00000000-0000-4000-8000-000000000000";
        Self::new(kind, if kind.name() == "UUID" { uuid } else { "0" })
    }
}

impl Type<Postgres> for Typed {
    fn type_info() -> PgTypeInfo {
        <str as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Typed {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&self.bytes);
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.kind.clone())
    }
}

pub(super) fn arguments(values: &[Typed]) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for value in values {
        arguments.add(value)?;
    }
    Ok(arguments)
}

pub(super) fn row(row: &PgRow) -> Result<Row, BoxDynError> {
    let cells = row.columns().iter().map(|column| {
        let value = row.try_get_raw(column.ordinal())?;
        let cell = match value.format() {
            _ if value.is_null() => Cell::Null,
            PgValueFormat::Binary => cell(&value.type_info(), value.as_bytes()?)?,
            PgValueFormat::Text => Cell::Text(value.as_str()?.to_owned()),
        };
        Ok((column.name().to_owned(), cell))
    });
    cells.collect::<Result<_, BoxDynError>>().map(Row)
}

fn cell(kind: &PgTypeInfo, bytes: &[u8]) -> Result<Cell, BoxDynError> {
    if let PgTypeKind::Array(element) = kind.kind() {
        return array(element, bytes);
    }
    if let PgTypeKind::Domain(base) = kind.kind() {
        return cell(base, bytes);
    }
    if is_text(kind) {
        return Ok(Cell::Text(std::str::from_utf8(bytes)?.to_owned()));
    }
    Ok(match kind.name() {
        "BOOL" => Cell::Boolean(bytes != [0]),
        "INT2" => Cell::Number(i16::from_be_bytes(bytes.try_into()?).to_string()),
        "INT4" => Cell::Number(i32::from_be_bytes(bytes.try_into()?).to_string()),
        "OID" => Cell::Number(u32::from_be_bytes(bytes.try_into()?).to_string()),
        "INT8" => Cell::Number(i64::from_be_bytes(bytes.try_into()?).to_string()),
        "FLOAT4" => Cell::Number(f32::from_be_bytes(bytes.try_into()?).to_string()),
        "FLOAT8" => Cell::Number(f64::from_be_bytes(bytes.try_into()?).to_string()),
        "NUMERIC" => numeric::read(bytes).map_or(Cell::Foreign("NUMERIC".to_owned()), Cell::Number),
        "BYTEA" => Cell::Bytes(bytes.to_vec()),
        "UUID" => Cell::Text(uuid_text(bytes)),
        "JSON" => json(std::str::from_utf8(bytes)?),
        // A byte of version comes first.
        "JSONB" => json(std::str::from_utf8(bytes.get(1..).unwrap_or_default())?),
        "DATE" => {
            let days = i64::from(i32::from_be_bytes(bytes.try_into()?));
            Cell::Time(calendar::date(days + EPOCH_DAYS))
        }
        name @ ("TIMESTAMP" | "TIMESTAMPTZ") => {
            let since = i64::from_be_bytes(bytes.try_into()?).saturating_add(EPOCH_MICROSECONDS);
            let zone = if name == "TIMESTAMPTZ" { "Z" } else { "" };
            Cell::Time(format!("{}{zone}", calendar::timestamp(since)))
        }
        other => Cell::Foreign(other.to_owned()),
    })
}

fn is_text(kind: &PgTypeInfo) -> bool {
    matches!(kind.kind(), PgTypeKind::Enum(_))
        || matches!(kind.name(), "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "citext")
}

/// Dimensions, a flag and the type of the elements; the length and the lower bound of each dimension;
/// then each element with its length before it, -1 for NULL.
fn array(element: &PgTypeInfo, bytes: &[u8]) -> Result<Cell, BoxDynError> {
    const BROKEN: &str = "an array that cannot be read";

    let (dimensions, rest) = bytes.split_first_chunk().ok_or(BROKEN)?;
    let dimensions = usize::try_from(i32::from_be_bytes(*dimensions))?;
    let mut rest = rest.get(dimensions.saturating_mul(8).saturating_add(8)..).ok_or(BROKEN)?;
    let mut cells = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk() {
        rest = behind;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { continue };
        let (value, behind) = rest.split_at_checked(length).ok_or(BROKEN)?;
        cells.push(cell(element, value)?);
        rest = behind;
    }
    Ok(Cell::Several(cells))
}

fn uuid_text(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

fn uuid_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let shaped = text.len() == 36 && digits.len() == 32 && digits.is_ascii();
    let bytes = (0..16).map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok());
    if shaped { bytes.collect() } else { None }
}
