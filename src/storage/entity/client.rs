//! An application, as registered.

use sea_orm::entity::prelude::*;

use crate::protocol::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The registration without secrets, as JSON.
    pub metadata: String,
    /// SHA-256 of the secret, which has 256 random bits and so needs no slow hash.
    pub secret_hash: Option<String>,
    /// The secret encrypted, for clients whose algorithms need it readable.
    pub secret_sealed: Option<Vec<u8>>,
    pub disabled: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
