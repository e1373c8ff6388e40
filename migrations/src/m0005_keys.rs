//! The signing keys. Of two nodes that make the same generation at once, one keeps its key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, string_len, text};

use crate::table::{create, id, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &mut key()).await
    }
}

fn key() -> TableCreateStatement {
    Table::create()
        .table("key")
        .col(id("kid").primary_key())
        .col(string_len("algorithm", 16))
        .col(big_integer("generation"))
        .col(blob("private"))
        .col(text("public"))
        .col(time("activates_at"))
        .col(time("created_at"))
        .index(Index::create().unique().name("key_generation").col("algorithm").col("generation"))
        .take()
}
