//! Grants. They are made by [`Storage::commit`] and end here.

use sea_orm::sea_query::{Expr, IntoCondition, Query};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use super::entity::grant::{Column, Entity};
use super::entity::refresh_token;
use super::{Fault, Storage, despite_deadlock, revocations};
use crate::protocol::Timestamp;

/// Takes a grant back, committed or not: with the revocation, one that is still being made is dead
/// as well. It stands until `until`, which lies no earlier than the end of the grant and its tokens.
pub async fn revoke(storage: &Storage, id: &str, until: Timestamp) -> Result<(), Fault> {
    let ids = [id.to_owned()];
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        revocations::put_each(&transaction, &ids, until).await?;
        end_where(&transaction, Column::Id.eq(id), until).await?;
        transaction.commit().await
    })
    .await
}

/// Deletes grants with their refresh tokens and leaves a revocation of each.
pub(super) async fn end_where(
    transaction: &DatabaseTransaction,
    which: impl IntoCondition,
    until: Timestamp,
) -> Result<(), DbErr> {
    let which = which.into_condition();
    let mut ids = Query::select();
    ids.column(Column::Id).from(Entity).cond_where(which.clone());

    let revoked = ids.clone().expr(Expr::value(until)).take();
    revocations::put_selected(transaction, revoked).await?;
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::GrantId.in_subquery(ids))
        .exec(transaction)
        .await?;
    Entity::delete_many().filter(which).exec(transaction).await?;
    Ok(())
}
