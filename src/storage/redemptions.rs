//! The one use of a code or a refresh token. [`Storage::commit`] inserts them.

use sea_orm::EntityTrait;

use super::entity::redemption::{Entity, Model};
use super::{Fault, Storage};

pub async fn find(storage: &Storage, hash: &str) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(hash).one(&storage.reads).await?)
}
