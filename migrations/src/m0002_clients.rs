//! The applications, and what people let them have.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{blob_null, boolean, text};

use crate::table::{create, id, index, name, optional_id, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &mut client()).await?;
        create(manager, &mut consent()).await?;
        index(manager, "consent", &["client_id"]).await
    }
}

fn client() -> TableCreateStatement {
    Table::create()
        .table("client")
        .col(name("id").primary_key())
        .col(text("metadata"))
        .col(optional_id("secret_hash"))
        .col(blob_null("secret_sealed"))
        .col(boolean("disabled"))
        .col(time("created_at"))
        .col(time("updated_at"))
        .take()
}

fn consent() -> TableCreateStatement {
    Table::create()
        .table("consent")
        .col(id("account_id"))
        .col(name("client_id"))
        .col(text("scope"))
        .col(text("claims"))
        .col(id("answered"))
        .col(time("granted_at"))
        .primary_key(Index::create().col("account_id").col("client_id"))
        .take()
}
