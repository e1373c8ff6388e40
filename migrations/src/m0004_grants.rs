//! What was granted, the refresh tokens made of it, what was used up, and what was taken back.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{blob_null, boolean, string_len_null, text};

use crate::table::{create, id, index, name, optional_id, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, &mut grant()).await?;
        index(manager, "grant", &["account_id", "client_id"]).await?;
        index(manager, "grant", &["client_id"]).await?;
        index(manager, "grant", &["session_id"]).await?;
        index(manager, "grant", &["expires_at"]).await?;
        create(manager, &mut refresh_token()).await?;
        index(manager, "refresh_token", &["grant_id"]).await?;
        index(manager, "refresh_token", &["expires_at"]).await?;
        create(manager, &mut redemption()).await?;
        index(manager, "redemption", &["expires_at"]).await?;
        create(manager, &mut revocation()).await?;
        index(manager, "revocation", &["expires_at"]).await
    }
}

fn grant() -> TableCreateStatement {
    Table::create()
        .table("grant")
        .col(id("id").primary_key())
        .col(id("account_id"))
        .col(name("client_id"))
        .col(optional_id("session_id"))
        .col(boolean("offline"))
        .col(text("scope"))
        .col(text("claims"))
        .col(time("auth_time"))
        .col(string_len_null("acr", 255))
        .col(text("amr"))
        .col(time("created_at"))
        .col(time("expires_at"))
        .take()
}

fn refresh_token() -> TableCreateStatement {
    Table::create()
        .table("refresh_token")
        .col(id("hash").primary_key())
        .col(id("grant_id"))
        .col(time("issued_at"))
        .col(time("expires_at"))
        .take()
}

fn redemption() -> TableCreateStatement {
    Table::create()
        .table("redemption")
        .col(id("hash").primary_key())
        .col(id("attempt"))
        .col(id("grant_id"))
        .col(time("redeemed_at"))
        .col(blob_null("successor"))
        .col(time("expires_at"))
        .take()
}

fn revocation() -> TableCreateStatement {
    Table::create().table("revocation").col(id("id").primary_key()).col(time("expires_at")).take()
}
