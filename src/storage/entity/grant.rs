//! What an application was granted: the parent of its access and refresh tokens.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub client_id: String,
    /// The `sid` of the session it was made in.
    pub session_id: Option<String>,
    /// Survives sign-out (OpenID Connect Core §11).
    pub offline: bool,
    pub scope: String,
    /// The `claims` parameter of the request, as JSON.
    pub claims: String,
    pub auth_time: Timestamp,
    pub acr: Option<String>,
    /// A JSON array.
    pub amr: String,
    pub created_at: Timestamp,
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
