//! The registered applications.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::entity::client::{Column, Entity};
use super::entity::{consent, grant};
use super::{Fault, Storage, despite_deadlock, grants, is_name};
use crate::protocol::client::SecretHash;
use crate::protocol::{Client, Timestamp};

pub use super::entity::client::Model;

/// The client that a row stands for.
pub fn read(row: &Model) -> Result<Client, Fault> {
    let broken = |what: String| Fault::Broken(format!("client {}: {what}", row.id));
    let mut client: Client =
        serde_json::from_str(&row.metadata).map_err(|error| broken(error.to_string()))?;
    client.secret = match &row.secret_hash {
        None => None,
        Some(text) => {
            let hash = SecretHash::parse(text);
            Some(hash.ok_or_else(|| broken("its secret_hash is not one".to_owned()))?)
        }
    };
    client.client_id.clone_from(&row.id);
    client.disabled = row.disabled;
    Ok(client)
}

/// The row that stands for a client. `secret_sealed` is for clients whose secret must be readable.
pub fn write(
    client: &Client,
    secret_sealed: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<Model, Fault> {
    let metadata =
        serde_json::to_string(client).map_err(|error| Fault::Broken(error.to_string()))?;
    Ok(Model {
        id: client.client_id.clone(),
        metadata,
        secret_hash: client.secret.as_ref().map(SecretHash::to_text),
        secret_sealed,
        disabled: client.disabled,
        created_at: now,
        updated_at: now,
    })
}

/// Finds a client by exactly this id, spaces at the end included, which MariaDB ignores.
pub async fn find(storage: &Storage, id: &str) -> Result<Option<Model>, Fault> {
    if !is_name(id) {
        return Ok(None);
    }
    let found = Entity::find_by_id(id).one(&storage.reads).await?;
    Ok(found.filter(|client| client.id == id))
}

/// All clients by id.
pub async fn list(storage: &Storage) -> Result<Vec<Model>, Fault> {
    Ok(Entity::find().order_by_asc(Column::Id).all(&storage.reads).await?)
}

/// Inserts a client or replaces all of it but the time at which it was made.
pub async fn put(storage: &Storage, client: Model) -> Result<(), Fault> {
    let replace = OnConflict::column(Column::Id)
        .update_columns([
            Column::Metadata,
            Column::SecretHash,
            Column::SecretSealed,
            Column::Disabled,
            Column::UpdatedAt,
        ])
        .to_owned();
    Entity::insert(client.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(&storage.writes)
        .await?;
    Ok(())
}

/// Whether there is such a client.
pub async fn set_disabled(
    storage: &Storage,
    id: &str,
    disabled: bool,
    now: Timestamp,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .col_expr(Column::Disabled, Expr::value(disabled))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(&storage.writes)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Removes a client with its consents and grants; whether there was one. Revocations stand until
/// `until`.
pub async fn remove(storage: &Storage, id: &str, until: Timestamp) -> Result<bool, Fault> {
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        grants::end_where(&transaction, grant::Column::ClientId.eq(id), until).await?;
        let consents = consent::Entity::delete_many().filter(consent::Column::ClientId.eq(id));
        consents.exec(&transaction).await?;
        let removed = Entity::delete_by_id(id).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(removed.rows_affected > 0)
    })
    .await
}

/// The secret, encrypted under another master key; not, if its row has changed or gone.
pub async fn reseal(
    storage: &Storage,
    id: &str,
    former: Vec<u8>,
    secret_sealed: Vec<u8>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .col_expr(Column::SecretSealed, Expr::value(secret_sealed))
        .filter(Column::Id.eq(id))
        .filter(Column::SecretSealed.eq(former))
        .exec(&storage.writes)
        .await?;
    Ok(updated.rows_affected == 1)
}
