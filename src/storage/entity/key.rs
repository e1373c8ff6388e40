//! A signing key.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// A JWS `alg`.
    pub algorithm: String,
    /// Counts the keys of one algorithm, so that two nodes cannot both make the next one.
    pub generation: i64,
    /// Encrypted, with `kid` as context.
    pub private: Vec<u8>,
    /// A JWK, as JSON.
    pub public: String,
    pub activates_at: Timestamp,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
