//! `[authorization]`: what applications may ask for.

use std::collections::BTreeMap;

use super::option::Default::{Absent, Toml};
use super::option::section;
use super::reader::Reader;

section! {
    /// What applications may ask for.
    Authorization at "authorization" {
        /// Scopes besides the standard ones, each with the words that the consent page shows for it;
        /// a standard one given here is only reworded. Each stands for the claim of its name.
        scopes: BTreeMap<String, String> = Toml("{}"),
        /// Values that `acr_values` may ask for; they are announced.
        acr_values: Vec<String> = Toml("[]"),
        /// The one of `acr_values` that a login by password proves; it is the `acr` of ID Tokens. Without it they have none.
        password_acr: Option<String> = Absent,
        /// Whether PKCE may use the method `plain`, which protects little.
        plain_pkce: bool = Toml("false"),
        /// Whether confidential clients must use PKCE as well; public ones always must.
        require_pkce: bool = Toml("false"),
    }
}

/// The scopes that are always there (OIDC Core §5.4, §11), in plain words.
pub const STANDARD_SCOPES: [(&str, &str); 6] = [
    ("openid", "Know who you are"),
    ("profile", "See your name and other details of your profile"),
    ("email", "See your e-mail address"),
    ("address", "See your postal address"),
    ("phone", "See your phone number"),
    ("offline_access", "Keep this access while you are away, until it is withdrawn"),
];

impl Authorization {
    /// Every scope that exists, with its words.
    pub fn all_scopes(&self) -> BTreeMap<String, String> {
        let standard = STANDARD_SCOPES.map(|(name, words)| (name.to_owned(), words.to_owned()));
        standard.into_iter().chain(self.scopes.clone()).collect()
    }

    pub(super) fn validate(&self, reader: &mut Reader) {
        for (name, words) in &self.scopes {
            if name.is_empty() || !name.bytes().all(is_scope_character) {
                // scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) (RFC 6749 §3.3)
                let wrong =
                    format!("has {name:?}, which is no scope: no spaces, quotes or backslashes");
                reader.object("authorization.scopes", &wrong);
            }
            if words.trim().is_empty() {
                let wrong = format!("must say in plain words what {name} permits");
                reader.object("authorization.scopes", &wrong);
            }
        }
        for value in &self.acr_values {
            if value.is_empty() || value.contains(char::is_whitespace) {
                reader.object("authorization.acr_values", "must be words without spaces");
            }
        }
        if self.password_acr.as_ref().is_some_and(|proved| !self.acr_values.contains(proved)) {
            reader.object("authorization.password_acr", "must be one of authorization.acr_values");
        }
    }
}

fn is_scope_character(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'
}
