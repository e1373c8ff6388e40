//! A change of password by the person. There are no rules beside those of the page.

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use vestibule_plugin::{NotChanged, Password, PasswordChange, Refusal, Unavailable, Username};

use super::{People, person};
use crate::Verdict;

#[async_trait]
impl PasswordChange for People {
    async fn change(
        &self,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Result<(), NotChanged> {
        let down = |fault| NotChanged::Refused(Unavailable::because(fault).into());
        let person = self.by_name(username).await.map_err(down)?.ok_or(Refusal::Unknown)?;
        let verdict = self.hasher.verify(current, &person.password_hash).await;
        if verdict.map_err(Refusal::from)? == Verdict::Wrong {
            return Err(Refusal::WrongCredentials(None).into());
        }
        let hash = self.hasher.hash(new).await.map_err(Refusal::from)?;
        // Only in place of the hash that was verified: a password set meanwhile stands.
        let changed = person::Entity::update_many()
            .col_expr(person::Column::PasswordHash, Expr::value(hash))
            .col_expr(person::Column::MustChange, Expr::value(false))
            .filter(person::Column::Id.eq(person.id.as_str()))
            .filter(person::Column::PasswordHash.eq(person.password_hash.as_str()))
            .exec(&self.write)
            .await
            .map_err(down)?;
        match changed.rows_affected {
            0 => Err(Refusal::WrongCredentials(None).into()),
            _ => Ok(()),
        }
    }
}
