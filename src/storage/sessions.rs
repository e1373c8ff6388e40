//! Sessions: put at login, found by the hash of a cookie, ended by their `sid`.

use sea_orm::sea_query::{Expr, IntoCondition};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect,
};

use super::entity::session::{Column, Entity, Model};
use super::entity::{account, grant};
use super::{Fault, Storage, despite_deadlock, grants, revocations};
use crate::protocol::Timestamp;

/// A statement names so many sessions at most.
const AT_ONCE: usize = 512;

pub async fn find(storage: &Storage, cookie_hash: &str) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(cookie_hash).one(&storage.reads).await?)
}

/// The session under a cookie and whose it is, in one statement: every page and every authorization asks.
pub async fn find_with_account(
    storage: &Storage,
    cookie_hash: &str,
) -> Result<Option<(Model, account::Model)>, Fault> {
    with_account(storage, Column::CookieHash.eq(cookie_hash)).await
}

pub async fn find_by_sid(storage: &Storage, sid: &str) -> Result<Option<Model>, Fault> {
    Ok(Entity::find().filter(Column::Sid.eq(sid)).one(&storage.reads).await?)
}

/// As [`find_with_account`], for those who come with a token.
pub async fn find_by_sid_with_account(
    storage: &Storage,
    sid: &str,
) -> Result<Option<(Model, account::Model)>, Fault> {
    with_account(storage, Column::Sid.eq(sid)).await
}

async fn with_account(
    storage: &Storage,
    which: impl IntoCondition,
) -> Result<Option<(Model, account::Model)>, Fault> {
    let found = Entity::find().filter(which.into_condition()).find_also_related(account::Entity);
    let found = found.one(&storage.reads).await?;
    Ok(found.and_then(|(session, account)| Some((session, account?))))
}

pub async fn put(storage: &Storage, session: Model) -> Result<(), Fault> {
    let row = session.into_active_model();
    Entity::insert(row).exec_without_returning(&storage.writes).await?;
    Ok(())
}

/// Puts a session in the place of the one under `cookie_hash`, whose cookie is dead from then on.
/// Of two who rotate the same one, exactly one hears that it did.
pub async fn rotate(storage: &Storage, cookie_hash: &str, session: Model) -> Result<bool, Fault> {
    let rotated = Entity::update_many()
        .set(session.into_active_model().reset_all())
        .filter(Column::CookieHash.eq(cookie_hash))
        .exec(&storage.writes)
        .await?;
    Ok(rotated.rows_affected == 1)
}

/// Was used just now; whether it still stands.
pub async fn touch(
    storage: &Storage,
    cookie_hash: &str,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, Fault> {
    let touched = Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(last_seen_at))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::CookieHash.eq(cookie_hash))
        .exec(&storage.writes)
        .await?;
    Ok(touched.rows_affected == 1)
}

/// The person chose this account in answer to an authorization request; whether the session still stands.
pub async fn choose(storage: &Storage, cookie_hash: &str, request_id: &str) -> Result<bool, Fault> {
    let chosen = Entity::update_many()
        .col_expr(Column::ChoiceAnswered, Expr::value(request_id))
        .filter(Column::CookieHash.eq(cookie_hash))
        .exec(&storage.writes)
        .await?;
    Ok(chosen.rows_affected == 1)
}

/// Ends a session with its grants and refresh tokens, but for offline ones. Revocations stand until
/// `until`, which lies no earlier than the end of any token that names session or grant.
pub async fn end(storage: &Storage, sid: &str, until: Timestamp) -> Result<(), Fault> {
    let sids = [sid.to_owned()];
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        end_each(&transaction, &sids, until).await?;
        transaction.commit().await
    })
    .await
}

/// Ends every session of an account, as [`end`] does.
pub async fn end_all(storage: &Storage, account_id: &str, until: Timestamp) -> Result<(), Fault> {
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        end_of_account(&transaction, account_id, until).await?;
        transaction.commit().await
    })
    .await
}

pub(super) async fn end_of_account(
    transaction: &DatabaseTransaction,
    account_id: &str,
    until: Timestamp,
) -> Result<(), DbErr> {
    let sids = Entity::find().select_only().column(Column::Sid);
    let sids: Vec<String> =
        sids.filter(Column::AccountId.eq(account_id)).into_tuple().all(transaction).await?;
    end_each(transaction, &sids, until).await
}

/// The revocation of the `sid` catches a grant that is being made of the session at this moment.
async fn end_each(
    transaction: &DatabaseTransaction,
    sids: &[String],
    until: Timestamp,
) -> Result<(), DbErr> {
    for sids in sids.chunks(AT_ONCE) {
        revocations::put_each(transaction, sids, until).await?;
        let theirs = Condition::all()
            .add(grant::Column::SessionId.is_in(sids))
            .add(grant::Column::Offline.eq(false));
        grants::end_where(transaction, theirs, until).await?;
        Entity::delete_many().filter(Column::Sid.is_in(sids)).exec(transaction).await?;
    }
    Ok(())
}
