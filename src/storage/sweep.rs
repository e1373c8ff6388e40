//! Deletes what has expired, a few rows at a time so that nobody waits long for the lock.
//!
//! A redemption is kept as long as the tokens that were made of it: that is its `expires_at`. A refresh token stays as long as its
//! grant, though it may not be used for so long: one that was rotated is known when it is presented again.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, Iterable, PrimaryKeyToColumn, QueryFilter, QuerySelect};

use super::entity::{attempt, grant, redemption, refresh_token, revocation, session};
use super::{Fault, Storage};
use crate::protocol::Timestamp;

const BATCH: u64 = 256;

/// No window of attempts is longer.
const ATTEMPTS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Deletes every row that expired before `now`, and returns how many there were.
pub async fn sweep(storage: &Storage, now: Timestamp) -> Result<u64, Fault> {
    let attempts_until = now.minus(ATTEMPTS_KEPT);
    Ok(expired::<session::Entity>(storage, session::Column::ExpiresAt, now).await?
        + expired_grants(storage, now).await?
        + expired::<redemption::Entity>(storage, redemption::Column::ExpiresAt, now).await?
        + expired::<revocation::Entity>(storage, revocation::Column::ExpiresAt, now).await?
        + expired::<attempt::Entity>(storage, attempt::Column::LastAt, attempts_until).await?)
}

/// Grants, whose time nobody puts off, with their refresh tokens. Those go first: what is cut short between them is taken up by
/// the next sweep.
async fn expired_grants(storage: &Storage, now: Timestamp) -> Result<u64, Fault> {
    let mut gone = 0;
    loop {
        let found = grant::Entity::find().select_only().column(grant::Column::Id);
        let found = found.filter(grant::Column::ExpiresAt.lt(now)).limit(BATCH);
        let ids: Vec<String> = found.into_tuple().all(&storage.reads).await?;
        if ids.is_empty() {
            return Ok(gone);
        }
        let theirs = refresh_token::Column::GrantId.is_in(ids.iter().cloned());
        let tokens = refresh_token::Entity::delete_many().filter(theirs);
        gone += tokens.exec(&storage.writes).await?.rows_affected;
        let grants = grant::Entity::delete_many().filter(grant::Column::Id.is_in(ids));
        gone += grants.exec(&storage.writes).await?.rows_affected;
    }
}

/// The condition is asked again when deleting: a session may have been used in between.
async fn expired<E: EntityTrait>(
    storage: &Storage,
    expires_at: E::Column,
    now: Timestamp,
) -> Result<u64, Fault> {
    let Some(key) = E::PrimaryKey::iter().next().map(E::PrimaryKey::into_column) else {
        return Ok(0);
    };
    let mut gone = 0;
    loop {
        let found = E::find().select_only().column(key).filter(expires_at.lt(now)).limit(BATCH);
        let keys: Vec<String> = found.into_tuple().all(&storage.reads).await?;
        if keys.is_empty() {
            return Ok(gone);
        }
        let batch = E::delete_many().filter(key.is_in(keys)).filter(expires_at.lt(now));
        gone += batch.exec(&storage.writes).await?.rows_affected;
    }
}
