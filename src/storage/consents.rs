//! What people let applications have, remembered.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, Condition, EntityTrait, IntoActiveModel};

use super::entity::consent::{Column, Entity, Model};
use super::entity::grant;
use super::{Fault, Storage, despite_deadlock, grants};
use crate::protocol::Timestamp;

pub async fn find(
    storage: &Storage,
    account_id: &str,
    client_id: &str,
) -> Result<Option<Model>, Fault> {
    let key = (account_id.to_owned(), client_id.to_owned());
    Ok(Entity::find_by_id(key).one(&storage.reads).await?)
}

/// Inserts a consent, or replaces what was agreed to before.
pub async fn put(storage: &Storage, consent: Model) -> Result<(), Fault> {
    let replace = OnConflict::columns([Column::AccountId, Column::ClientId])
        .update_columns([Column::Scope, Column::Claims, Column::Answered, Column::GrantedAt])
        .to_owned();
    Entity::insert(consent.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(&storage.writes)
        .await?;
    Ok(())
}

/// Takes a consent back, and with it every grant, offline ones too; whether there was one.
/// Revocations stand until `until`.
pub async fn remove(
    storage: &Storage,
    account_id: &str,
    client_id: &str,
    until: Timestamp,
) -> Result<bool, Fault> {
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        let theirs = Condition::all()
            .add(grant::Column::AccountId.eq(account_id))
            .add(grant::Column::ClientId.eq(client_id));
        grants::end_where(&transaction, theirs, until).await?;
        let key = (account_id.to_owned(), client_id.to_owned());
        let removed = Entity::delete_by_id(key).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(removed.rows_affected > 0)
    })
    .await
}
