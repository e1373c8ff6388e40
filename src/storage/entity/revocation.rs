//! What was taken back before its time.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocation")]
pub struct Model {
    /// The id of a grant, the `jti` of a token or the `sid` of a session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// No earlier than the end of everything that names the id.
    pub expires_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
