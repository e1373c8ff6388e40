//! Refresh tokens. [`Storage::commit`] inserts them; they go with their grant.

use sea_orm::EntityTrait;

use super::entity::{grant, refresh_token};
use super::{Fault, Storage};

/// Finds a token, used or not, and the grant that it was made of; neither, if the grant has ended.
pub async fn find(
    storage: &Storage,
    hash: &str,
) -> Result<Option<(refresh_token::Model, grant::Model)>, Fault> {
    let found = refresh_token::Entity::find_by_id(hash).find_also_related(grant::Entity);
    let found = found.one(&storage.reads).await?;
    Ok(found.and_then(|(token, grant)| Some((token, grant?))))
}
