//! A change of password by whoever knows the present one.

use async_trait::async_trait;
use thiserror::Error;

use crate::{Password, Refusal, Username};

/// A source that lets people change their password.
///
/// The host comes here only after [`PasswordLogin::authenticate`](crate::PasswordLogin::authenticate)
/// has said of `current` that it is right or [`Refusal::PasswordExpired`], and it logs the person in
/// with `new` afterwards: the state of the account is judged where it always is.
#[async_trait]
pub trait PasswordChange: Send + Sync {
    /// Puts `new` in the place of `current`. Nothing has changed if this is an error, except after
    /// `Unavailable`, when nobody knows.
    async fn change(
        &self,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Result<(), NotChanged>;
}

/// Why a password was not changed.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// The source's rules do not allow the new password. In its own words, for the person: plain
    /// text, without names of ours or of its entries.
    #[error("the source does not allow the new password: {0}")]
    Policy(String),
    /// The present password is no longer right, the account is closed, or no answer could be had.
    #[error(transparent)]
    Refused(#[from] Refusal),
}
