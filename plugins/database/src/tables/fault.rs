//! Why a statement brought no answer. For the operator: never with a value.

use sea_orm::sqlx;
use sea_orm::sqlx::error::BoxDynError;
use vestibule_plugin::Unavailable;

use super::database::PATIENCE;
use super::query::{Placeholder, Query};

/// Why a statement brought no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("no connection to {place} could be had within {} s", PATIENCE.as_secs())]
    NoConnection { place: String },
    #[error("`{option}` failed: {cause}")]
    Statement { option: &'static str, cause: sqlx::Error },
    #[error("`{option}` brought a value that cannot be read: {cause}")]
    Value { option: &'static str, cause: BoxDynError },
    #[error(
        "`{option}` compares `:{placeholder}` with the type {kind}; cast the other side to text"
    )]
    Kind { option: &'static str, placeholder: &'static str, kind: String },
}

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self::because(fault)
    }
}

impl Fault {
    pub(super) fn statement(query: &Query, cause: sqlx::Error) -> Self {
        Self::Statement { option: query.option, cause }
    }

    pub(super) fn value(query: &Query, cause: BoxDynError) -> Self {
        Self::Value { option: query.option, cause }
    }

    /// A place of PostgreSQL expects a type that no text becomes.
    pub(super) fn kind(query: &Query, place: Placeholder, kind: String) -> Self {
        Self::Kind { option: query.option, placeholder: place.name(), kind }
    }
}
