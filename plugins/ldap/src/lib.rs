//! People in a directory: the backend of type `ldap`.

mod settings;
mod wire;

pub use settings::{BadOption, OPTIONS, SECRETS};
