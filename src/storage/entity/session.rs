//! Who is signed in at a browser.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// SHA-256 of the cookie, which changes with every login.
    #[sea_orm(primary_key, auto_increment = false)]
    pub cookie_hash: String,
    /// The name of the session in tokens; it stays when the cookie changes.
    #[sea_orm(unique)]
    pub sid: String,
    pub account_id: String,
    pub auth_time: Timestamp,
    pub acr: Option<String>,
    /// A JSON array.
    pub amr: String,
    /// The id of the authorization request that the login answered.
    pub login_answered: String,
    /// The id of the authorization request that the choice of this account answered.
    pub choice_answered: Option<String>,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The nearer of the idle and the absolute end.
    pub expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::account::Entity",
        from = "Column::AccountId",
        to = "super::account::Column::Id"
    )]
    Account,
}

impl Related<super::account::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Account.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
