//! How tables and indexes are made, and the columns that many tables share.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string_len, string_len_null};
use sea_orm_migration::sea_orm::DatabaseBackend;

/// An id or a hash that we made: at most 43 characters, with room for longer ones.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    string_len(name, 64)
}

pub(crate) fn optional_id(name: &'static str) -> ColumnDef {
    string_len_null(name, 64)
}

/// A name from outside. MariaDB indexes at most 3072 bytes, four for each character.
pub(crate) fn name(name: &'static str) -> ColumnDef {
    string_len(name, 255)
}

/// Milliseconds since 1970.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    big_integer(name)
}

/// Creates a table, and on MariaDB and MySQL lets it compare text byte by byte, as the others do.
pub(crate) async fn create(
    manager: &SchemaManager<'_>,
    table: &mut TableCreateStatement,
) -> Result<(), DbErr> {
    if manager.get_database_backend() == DatabaseBackend::MySql {
        table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
    }
    manager.create_table(table.if_not_exists().take()).await
}

/// Creates an index, unless it is there (`IF NOT EXISTS` is unknown to MySQL).
pub(crate) async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let name = format!("{table}_by_{}", columns.join("_and_"));
    if manager.has_index(table, &name).await? {
        return Ok(());
    }
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
