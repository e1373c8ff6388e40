//! What a token was made of, if it still stands: one statement, as userinfo and introspection ask
//! it for every token.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::entity::{account, grant, revocation, session};
use super::{Fault, Storage};

/// The grant and the account of a token, unless either is gone or the grant, the token (`jti`, if it
/// has one) or, but for offline grants, the session was taken back.
pub async fn of_grant(
    storage: &Storage,
    grant_id: &str,
    jti: Option<&str>,
) -> Result<Option<(grant::Model, account::Model)>, Fault> {
    let named = [Some(grant_id), jti].into_iter().flatten();
    let its_session = Expr::col((revocation::Entity, revocation::Column::Id))
        .equals((grant::Entity, grant::Column::SessionId));
    let session_ended =
        Condition::all().add(grant::Column::Offline.eq(false)).add(revoked(its_session));
    let found = grant::Entity::find_by_id(grant_id)
        .find_also_related(account::Entity)
        .filter(revoked(revocation::Column::Id.is_in(named)).not())
        .filter(session_ended.not());
    let found = found.one(&storage.reads).await?;
    Ok(found.and_then(|(grant, account)| Some((grant, account?))))
}

/// The session and the account of a token from the front channel, unless either is gone or the
/// token was taken back.
pub async fn of_session(
    storage: &Storage,
    sid: &str,
    jti: Option<&str>,
) -> Result<Option<(session::Model, account::Model)>, Fault> {
    let named = [Some(sid), jti].into_iter().flatten();
    let found = session::Entity::find()
        .filter(session::Column::Sid.eq(sid))
        .find_also_related(account::Entity)
        .filter(revoked(revocation::Column::Id.is_in(named)).not());
    let found = found.one(&storage.reads).await?;
    Ok(found.and_then(|(session, account)| Some((session, account?))))
}

fn revoked(which: Expr) -> Expr {
    Expr::exists(
        Query::select().expr(Expr::value(1)).from(revocation::Entity).and_where(which).take(),
    )
}
