//! What was taken back before its time: ids of grants, of tokens (`jti`) and of sessions (`sid`).

use sea_orm::sea_query::{OnConflict, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};

use super::entity::revocation::{Column, Entity, Model};
use super::{Fault, Storage};
use crate::protocol::Timestamp;

/// Takes back whatever names this id. It stands until `until`, when that has ended anyway.
pub async fn put(storage: &Storage, id: &str, until: Timestamp) -> Result<(), Fault> {
    Ok(put_each(&storage.writes, &[id.to_owned()], until).await?)
}

pub(super) async fn put_each(
    database: &impl ConnectionTrait,
    ids: &[String],
    until: Timestamp,
) -> Result<(), DbErr> {
    let rows = ids.iter().map(|id| Model { id: id.clone(), expires_at: until });
    Entity::insert_many(rows.map(IntoActiveModel::into_active_model))
        .on_conflict(postpone())
        .exec_without_returning(database)
        .await?;
    Ok(())
}

/// Takes back each id that a statement selects, which is followed by the time until when.
pub(super) async fn put_selected(
    database: &impl ConnectionTrait,
    selected: SelectStatement,
) -> Result<(), DbErr> {
    let mut insert = Query::insert();
    insert.into_table(Entity).columns([Column::Id, Column::ExpiresAt]);
    insert.select_from(selected).map_err(|error| DbErr::Custom(error.to_string()))?;
    database.execute(insert.on_conflict(postpone())).await?;
    Ok(())
}

/// What is taken back again stays so until the later time, which is that of the later caller.
fn postpone() -> OnConflict {
    OnConflict::column(Column::Id).update_column(Column::ExpiresAt).to_owned()
}
