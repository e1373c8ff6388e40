//! The one use of a code or of a refresh token. That it can be inserted is what decides.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "redemption")]
pub struct Model {
    /// SHA-256 of what was presented.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    /// Random for each try, so that whoever inserted the row can know it again.
    pub attempt: String,
    pub grant_id: String,
    pub redeemed_at: Timestamp,
    /// The next refresh token, encrypted under a key that derives from the presented one.
    pub successor: Option<Vec<u8>>,
    /// No earlier than the end of every token that was made of it, lest a replay go unnoticed.
    pub expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
