//! What people let applications have, remembered.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::entity::consent::{Column, Entity, Model};
use super::entity::grant;
use super::{Fault, Storage, despite_deadlock, grants, inserted};
use crate::protocol::Timestamp;

pub async fn find(
    storage: &Storage,
    account_id: &str,
    client_id: &str,
) -> Result<Option<Model>, Fault> {
    let key = (account_id.to_owned(), client_id.to_owned());
    Ok(Entity::find_by_id(key).one(&storage.reads).await?)
}

/// All that someone has agreed to, by client.
pub async fn list(storage: &Storage, account_id: &str) -> Result<Vec<Model>, Fault> {
    let theirs = Entity::find().filter(Column::AccountId.eq(account_id));
    Ok(theirs.order_by_asc(Column::ClientId).all(&storage.reads).await?)
}

/// Inserts a consent, or replaces `before`; not, if somebody was quicker, and then what they left has to be read again.
pub async fn put(storage: &Storage, consent: Model, before: Option<&Model>) -> Result<bool, Fault> {
    let Some(before) = before else {
        let row = consent.into_active_model();
        return inserted(Entity::insert(row).exec_without_returning(&storage.writes).await);
    };
    let replaced = Entity::update_many()
        .set(consent.into_active_model().reset_all())
        .filter(Column::AccountId.eq(&before.account_id))
        .filter(Column::ClientId.eq(&before.client_id))
        .filter(Column::Answered.eq(&before.answered))
        .exec(&storage.writes)
        .await?;
    Ok(replaced.rows_affected == 1)
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
