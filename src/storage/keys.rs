//! The rows of the signing keys.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::entity::key::{Column, Entity, Model};
use super::{Fault, Storage, inserted};

/// All keys, each algorithm's oldest first.
pub async fn list(storage: &Storage) -> Result<Vec<Model>, Fault> {
    let all = Entity::find().order_by_asc(Column::Algorithm).order_by_asc(Column::Generation);
    Ok(all.all(&storage.reads).await?)
}

/// Inserts a key; not, if another node made this generation first.
pub async fn put(storage: &Storage, key: Model) -> Result<bool, Fault> {
    let row = key.into_active_model();
    inserted(Entity::insert(row).exec_without_returning(&storage.writes).await)
}

/// The private key, encrypted under another master key; not, if its row has changed or gone.
pub async fn reseal(
    storage: &Storage,
    kid: &str,
    former: Vec<u8>,
    private: Vec<u8>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .col_expr(Column::Private, Expr::value(private))
        .filter(Column::Kid.eq(kid))
        .filter(Column::Private.eq(former))
        .exec(&storage.writes)
        .await?;
    Ok(updated.rows_affected == 1)
}
