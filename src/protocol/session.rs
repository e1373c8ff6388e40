//! What the core knows of a login and of a consent.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::scope::Scope;

/// Someone is logged in at this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The public id: the `sid` claim.
    pub sid: String,
    pub account_id: String,
    pub subject: String,
    pub authentication: Authentication,
    /// The id of the request that the login answered.
    pub login_answered: String,
    /// The id of the request for which the End-User chose to go on with this account.
    pub choice_answered: Option<String>,
}

/// When and how the End-User proved who they are; carried from the login to every ID Token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    pub auth_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

/// What the End-User has agreed to give to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub scope: Scope,
    /// Claims that were asked for one by one.
    pub claims: Vec<String>,
    /// The id of the request that it answered.
    pub answered: String,
}
