//! The registered applications.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::entity::client::{Column, Entity, Model};
use super::entity::{consent, grant};
use super::{Fault, Storage, despite_deadlock, grants, is_name};
use crate::protocol::Timestamp;

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
