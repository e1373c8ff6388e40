//! The local administrators.

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::entity::administrator::{Column, Entity, Model};
use super::{Fault, Storage, is_name};

pub async fn find(storage: &Storage, username: &str) -> Result<Option<Model>, Fault> {
    if !is_name(username) {
        return Ok(None);
    }
    Ok(Entity::find_by_id(username).one(&storage.reads).await?)
}

/// Inserts an administrator, or gives them another password.
pub async fn put(storage: &Storage, administrator: Model) -> Result<(), Fault> {
    let replace = OnConflict::column(Column::Username)
        .update_columns([Column::PasswordHash, Column::UpdatedAt])
        .to_owned();
    Entity::insert(administrator.into_active_model())
        .on_conflict(replace)
        .exec_without_returning(&storage.writes)
        .await?;
    Ok(())
}
