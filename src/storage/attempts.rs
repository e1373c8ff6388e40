//! How often a password was tried lately. A try is counted before it is made, so that a hundred at
//! once count a hundred (LK5), and is taken back when it succeeds.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::entity::attempt::{Column, Entity, Model};
use super::{Fault, Storage, despite_deadlock};
use crate::protocol::Timestamp;

/// Counts one try in each bucket and returns what they have come to, this one included, by bucket.
/// A window that began longer than `window` ago is over, and another begins.
///
/// The rows stay locked from the count until they were read, so no two tries read the same number.
pub async fn count(
    storage: &Storage,
    buckets: &[String],
    now: Timestamp,
    window: Duration,
) -> Result<Vec<Model>, Fault> {
    // In one order everywhere, lest two tries wait for each other.
    let mut buckets = buckets.to_vec();
    buckets.sort_unstable();
    buckets.dedup();
    let first = |bucket: &String| Model {
        bucket: bucket.clone(),
        failures: 1,
        first_at: now,
        last_at: now,
    };
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        Entity::insert_many(buckets.iter().map(|bucket| first(bucket).into_active_model()))
            .on_conflict(one_more(now, now.minus(window)))
            .exec_without_returning(&transaction)
            .await?;
        let counted = these(&transaction, &buckets).await?;
        transaction.commit().await?;
        Ok(counted)
    })
    .await
}

/// What the buckets have come to, without counting. Those that never counted are left out.
pub async fn read(
    storage: &Storage,
    buckets: &[String],
    now: Timestamp,
    window: Duration,
) -> Result<Vec<Model>, Fault> {
    let mut found = these(&storage.reads, buckets).await?;
    found.retain(|attempt| attempt.first_at > now.minus(window));
    Ok(found)
}

/// Takes one try back, as it succeeded.
pub async fn take_back(storage: &Storage, buckets: &[String]) -> Result<(), Fault> {
    let mut buckets = buckets.to_vec();
    buckets.sort_unstable();
    Entity::update_many()
        .col_expr(Column::Failures, Expr::col(Column::Failures).sub(1))
        .filter(Column::Bucket.is_in(buckets))
        .filter(Column::Failures.gt(0))
        .exec(&storage.writes)
        .await?;
    Ok(())
}

async fn these(database: &impl ConnectionTrait, buckets: &[String]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Bucket.is_in(buckets))
        .order_by_asc(Column::Bucket)
        .all(database)
        .await
}

/// `failures` stands first, as MariaDB assigns in turn and it needs the old `first_at`.
fn one_more(now: Timestamp, over: Timestamp) -> OnConflict {
    let is_over = || Expr::col((Entity, Column::FirstAt)).lte(over);
    let failures =
        Expr::case(is_over(), 1i64).finally(Expr::col((Entity, Column::Failures)).add(1i64));
    let first_at = Expr::case(is_over(), now).finally(Expr::col((Entity, Column::FirstAt)));
    OnConflict::column(Column::Bucket)
        .value(Column::Failures, failures)
        .value(Column::FirstAt, first_at)
        .value(Column::LastAt, Expr::value(now))
        .to_owned()
}
