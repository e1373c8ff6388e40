//! Claims about an End-User as the document shows them (OIDC Core §5.1, §5.1.1). They are made by `identity` from what a backend knows.

use poem_openapi::Object;

/// Claims about the End-User. Only `sub` is always there; claims that the operator configured come along under their own names.
#[derive(Object)]
pub(super) struct UserInfo {
    /// Who it is: stable, never given to anyone else.
    sub: String,
    /// The whole name, as it is shown.
    name: Option<String>,
    /// Given names.
    given_name: Option<String>,
    /// Family names.
    family_name: Option<String>,
    /// Middle names.
    middle_name: Option<String>,
    /// A casual name.
    nickname: Option<String>,
    /// The name that the End-User likes to be called by. Not an identifier.
    preferred_username: Option<String>,
    /// URL of a page about the End-User.
    profile: Option<String>,
    /// URL of a picture of the End-User.
    picture: Option<String>,
    /// URL of the End-User's own pages.
    website: Option<String>,
    /// The address that the End-User likes mail at. Not an identifier.
    email: Option<String>,
    /// Whether the operator knows that the address is the End-User's.
    email_verified: Option<bool>,
    /// `female`, `male`, or other words.
    gender: Option<String>,
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    birthdate: Option<String>,
    /// A time zone, as in `Europe/Berlin`.
    zoneinfo: Option<String>,
    /// A language tag, as in `en-US`.
    locale: Option<String>,
    /// A telephone number, best in E.164 form.
    phone_number: Option<String>,
    /// Whether the operator knows that the number is the End-User's.
    phone_number_verified: Option<bool>,
    /// The postal address.
    address: Option<Address>,
    /// When this was last changed, in seconds since 1970-01-01.
    updated_at: Option<f64>,
}

/// A postal address (OIDC Core §5.1.1).
#[derive(Object)]
struct Address {
    /// The whole address, as on an envelope, perhaps in several lines.
    formatted: Option<String>,
    /// Street and number, perhaps in several lines.
    street_address: Option<String>,
    /// The town.
    locality: Option<String>,
    /// The state, province or region.
    region: Option<String>,
    /// The postal code.
    postal_code: Option<String>,
    /// The country.
    country: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use poem_openapi::registry::Registry;
    use poem_openapi::types::Type;

    use super::*;
    use crate::protocol::claims::BY_SCOPE;

    #[test]
    fn the_document_describes_every_standard_claim() {
        let mut registry = Registry::new();
        UserInfo::register(&mut registry);
        let schema = &registry.schemas["UserInfo"];
        let described: BTreeSet<&str> = schema.properties.iter().map(|(name, _)| *name).collect();
        let standard = BY_SCOPE.iter().flat_map(|(_, names)| names.iter().copied());
        assert_eq!(described, standard.chain(["sub"]).collect());
    }
}
