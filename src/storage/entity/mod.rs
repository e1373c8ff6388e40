//! The tables as structs, one file each. They hold no logic; the verbs are in the files beside this folder.

pub mod account;
pub mod administrator;
pub mod attempt;
pub mod client;
pub mod consent;
pub mod grant;
pub mod key;
pub mod redemption;
pub mod refresh_token;
pub mod revocation;
pub mod session;
mod timestamp;
