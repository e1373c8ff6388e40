//! What holds on every database.

mod attempts;
mod endings;
mod opening;
mod rows;
pub(super) mod sample;
mod sessions;
mod sweep;
