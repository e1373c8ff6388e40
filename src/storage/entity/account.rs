//! A person as one backend knows them. `sub` is random and theirs for good.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The name of the backend in the configuration.
    pub backend: String,
    /// The name of the person at that backend.
    pub subject: String,
    /// OpenID Connect Core §2: never derived from a user name.
    #[sea_orm(unique)]
    pub sub: String,
    /// As last seen at the backend; encrypted, with the id of this row as context.
    pub attributes: Vec<u8>,
    pub seen_at: Timestamp,
    pub created_at: Timestamp,
    /// When the backend first said that it does not know this person any more.
    pub gone_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
