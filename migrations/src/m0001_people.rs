//! Whom we know: accounts at any backend, the people of our own backend, and administrators.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, custom, string_len, text};
use sea_orm_migration::sea_orm::DatabaseBackend;

use crate::table::{create, id, index, name, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &mut account(manager.get_database_backend())).await?;
        index(manager, "account", &["backend", "seen_at"]).await?;
        index(manager, "account", &["backend", "gone_since"]).await?;
        create(manager, &mut person()).await?;
        create(manager, &mut administrator()).await
    }
}

fn account(backend: DatabaseBackend) -> TableCreateStatement {
    // A photo and some hundred groups are more than the 64 KiB of a BLOB of MariaDB.
    let attributes = match backend {
        DatabaseBackend::MySql => custom("attributes", "mediumblob"),
        _ => sea_orm_migration::schema::blob("attributes"),
    };
    Table::create()
        .table("account")
        .col(id("id").primary_key())
        .col(string_len("backend", 64))
        .col(string_len("subject", 512))
        .col(name("sub").unique_key())
        .col(attributes)
        .col(time("seen_at"))
        .col(time("created_at"))
        .col(time("gone_since").null())
        .index(Index::create().unique().name("account_subject").col("backend").col("subject"))
        .take()
}

fn person() -> TableCreateStatement {
    Table::create()
        .table("person")
        .col(id("id").primary_key())
        .col(name("username").unique_key())
        .col(string_len("password_hash", 512))
        .col(text("attributes"))
        .col(boolean("disabled"))
        .col(boolean("locked"))
        .col(boolean("must_change"))
        .col(time("created_at"))
        .col(time("updated_at"))
        .take()
}

fn administrator() -> TableCreateStatement {
    Table::create()
        .table("administrator")
        .col(name("username").primary_key())
        .col(string_len("password_hash", 512))
        .col(time("created_at"))
        .col(time("updated_at"))
        .take()
}
