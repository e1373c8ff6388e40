//! Accounts: a person at one backend.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::entity::{account, consent, grant};
use super::{Fault, Storage, despite_deadlock, grants, inserted, is_name, sessions};
use crate::protocol::Timestamp;

pub async fn find(storage: &Storage, id: &str) -> Result<Option<account::Model>, Fault> {
    Ok(account::Entity::find_by_id(id).one(&storage.reads).await?)
}

/// Finds whoever the backend calls `subject`, spaces at the end included, which MariaDB ignores.
pub async fn find_by_subject(
    storage: &Storage,
    backend: &str,
    subject: &str,
) -> Result<Option<account::Model>, Fault> {
    if !is_name(subject) {
        return Ok(None);
    }
    let found = account::Entity::find()
        .filter(account::Column::Backend.eq(backend))
        .filter(account::Column::Subject.eq(subject))
        .one(&storage.reads)
        .await?;
    Ok(found.filter(|account| account.subject == subject))
}

/// Inserts an account and returns the one that stands: another, if the same person logged in for
/// the first time elsewhere at the same moment. Its attributes are then still to be renewed, as
/// they are encrypted for one row.
pub async fn put(storage: &Storage, account: account::Model) -> Result<account::Model, Fault> {
    let row = account.clone().into_active_model();
    if inserted(account::Entity::insert(row).exec_without_returning(&storage.writes).await)? {
        return Ok(account);
    }
    find_by_subject(storage, &account.backend, &account.subject)
        .await?
        .ok_or_else(|| Fault::Broken("an account conflicts with one of another person".to_owned()))
}

/// The backend knew the person just now.
pub async fn renew(
    storage: &Storage,
    id: &str,
    attributes: Vec<u8>,
    seen_at: Timestamp,
) -> Result<(), Fault> {
    account::Entity::update_many()
        .col_expr(account::Column::Attributes, Expr::value(attributes))
        .col_expr(account::Column::SeenAt, Expr::value(seen_at))
        .col_expr(account::Column::GoneSince, Expr::value(None::<Timestamp>))
        .filter(account::Column::Id.eq(id))
        .exec(&storage.writes)
        .await?;
    Ok(())
}

/// The backend did not know the person. The first time that it said so is kept, until
/// [`renew`] says otherwise.
pub async fn miss(storage: &Storage, id: &str, at: Timestamp) -> Result<(), Fault> {
    account::Entity::update_many()
        .col_expr(account::Column::GoneSince, Expr::value(at))
        .filter(account::Column::Id.eq(id))
        .filter(account::Column::GoneSince.is_null())
        .exec(&storage.writes)
        .await?;
    Ok(())
}

/// How many people of a backend it has known, and how many it has missed, since `since`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    pub known: u64,
    pub missed: u64,
}

pub async fn tally(storage: &Storage, backend: &str, since: Timestamp) -> Result<Tally, Fault> {
    let of_backend = || account::Entity::find().filter(account::Column::Backend.eq(backend));
    let known = of_backend()
        .filter(account::Column::SeenAt.gt(since))
        .filter(account::Column::GoneSince.is_null())
        .count(&storage.reads)
        .await?;
    let missed =
        of_backend().filter(account::Column::GoneSince.gt(since)).count(&storage.reads).await?;
    Ok(Tally { known, missed })
}

/// Ends all that was given out for a person: sessions and grants, offline ones too. Revocations stand until `until`.
pub async fn sign_out(storage: &Storage, id: &str, until: Timestamp) -> Result<(), Fault> {
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        end_everything(&transaction, id, until).await?;
        transaction.commit().await
    })
    .await
}

async fn end_everything(
    transaction: &DatabaseTransaction,
    id: &str,
    until: Timestamp,
) -> Result<(), DbErr> {
    sessions::end_of_account(transaction, id, until).await?;
    grants::end_where(transaction, grant::Column::AccountId.eq(id), until).await
}

/// Forgets a person: sessions, consents and grants, offline ones too. Revocations stand until `until`.
pub async fn remove(storage: &Storage, id: &str, until: Timestamp) -> Result<(), Fault> {
    despite_deadlock(|| async {
        let transaction = storage.begin().await?;
        end_everything(&transaction, id, until).await?;
        let consents = consent::Entity::delete_many().filter(consent::Column::AccountId.eq(id));
        consents.exec(&transaction).await?;
        account::Entity::delete_by_id(id).exec(&transaction).await?;
        transaction.commit().await
    })
    .await
}

/// Some accounts in the order of their ids, from the one after `after`; none, if that was the last.
pub async fn page(storage: &Storage, after: &str) -> Result<Vec<account::Model>, Fault> {
    let page = account::Entity::find()
        .filter(account::Column::Id.gt(after))
        .order_by_asc(account::Column::Id)
        .limit(500);
    Ok(page.all(&storage.reads).await?)
}

/// The attributes, encrypted under another master key; not, if their row has changed or gone.
pub async fn reseal(
    storage: &Storage,
    id: &str,
    former: Vec<u8>,
    attributes: Vec<u8>,
) -> Result<bool, Fault> {
    let updated = account::Entity::update_many()
        .col_expr(account::Column::Attributes, Expr::value(attributes))
        .filter(account::Column::Id.eq(id))
        .filter(account::Column::Attributes.eq(former))
        .exec(&storage.writes)
        .await?;
    Ok(updated.rows_affected == 1)
}
