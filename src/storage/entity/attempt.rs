//! How often a password was tried lately under a name, an address or an account.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    /// A keyed hash of what is counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: String,
    pub failures: i64,
    /// When the window began.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
