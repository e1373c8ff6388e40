//! Who is signed in, and who tried too often.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string_len_null, text};

use crate::table::{create, id, index, optional_id, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &mut session()).await?;
        index(manager, "session", &["account_id"]).await?;
        index(manager, "session", &["expires_at"]).await?;
        create(manager, &mut attempt()).await?;
        index(manager, "attempt", &["last_at"]).await
    }
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(id("cookie_hash").primary_key())
        .col(id("sid").unique_key())
        .col(id("account_id"))
        .col(time("auth_time"))
        .col(string_len_null("acr", 255))
        .col(text("amr"))
        .col(id("login_answered"))
        .col(optional_id("choice_answered"))
        .col(time("created_at"))
        .col(time("last_seen_at"))
        .col(time("expires_at"))
        .take()
}

fn attempt() -> TableCreateStatement {
    Table::create()
        .table("attempt")
        .col(id("bucket").primary_key())
        .col(big_integer("failures"))
        .col(time("first_at"))
        .col(time("last_at"))
        .take()
}
