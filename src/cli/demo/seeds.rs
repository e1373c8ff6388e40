//! Who and what the demo knows from the beginning.

use serde::{Deserialize, Serialize};
use serde_json::json;
use vestibule_plugin::{Attributes, Password, Username};

use super::super::failure::Failure;
use super::super::people;
use super::super::site::Site;
use crate::demo::{REDIRECTION, SIGNED_OUT};
use crate::identity::people::NewPerson;
use crate::protocol::Client;
use crate::protocol::client::{AuthMethod, GrantType, SecretHash};
use crate::protocol::response_type::ResponseType;
use crate::secret;
use crate::storage::clients;

/// The single-page application.
pub(super) const SPA: &str = "demo-spa";
/// The confidential web application, for whoever wants to try one of their own.
pub(super) const WEB: &str = "demo-web";
/// Where it is expected to be.
pub(super) const WEB_REDIRECT_URI: &str = "http://127.0.0.1:3000/callback";

const SCOPE: &str = "openid profile email address phone offline_access";

/// The random secrets of one data folder.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    /// By name.
    pub(super) people: Vec<(String, String)>,
    pub(super) web_secret: String,
    /// Whether everything has been added: what is removed later stays removed.
    pub(super) added: bool,
}

impl Secrets {
    pub(super) fn draw() -> Self {
        let people = ["alice", "bob", "carol"].map(|name| (name.to_owned(), secret::id()));
        Self { people: people.into(), web_secret: secret::token(), added: false }
    }
}

/// Has every standard claim (OIDC Core §5.1).
const ALICE: &[(&str, &str)] = &[
    ("name", "Alice Marie Adams"),
    ("given_name", "Alice"),
    ("family_name", "Adams"),
    ("middle_name", "Marie"),
    ("nickname", "Ally"),
    ("preferred_username", "alice"),
    ("profile", "https://people.example/alice"),
    ("picture", "https://people.example/alice.png"),
    ("website", "https://alice.example/"),
    ("email", "alice@example.com"),
    ("email_verified", "true"),
    ("gender", "female"),
    ("birthdate", "1985-02-28"),
    ("zoneinfo", "Europe/Berlin"),
    ("locale", "de-DE"),
    ("phone_number", "+49 30 901820"),
    ("phone_number_verified", "true"),
    ("address.formatted", "Example Street 1\n12345 Exampletown\nGermany"),
    ("address.street_address", "Example Street 1"),
    ("address.locality", "Exampletown"),
    ("address.region", "Berlin"),
    ("address.postal_code", "12345"),
    ("address.country", "Germany"),
    ("updated_at", "1750000000"),
    ("groups", "staff"),
    ("groups", "administrators"),
];

const BOB: &[(&str, &str)] = &[
    ("name", "Bob Builder"),
    ("given_name", "Bob"),
    ("family_name", "Builder"),
    ("email", "bob@example.com"),
    ("groups", "staff"),
];

/// Has nothing but a name to log in with.
const CAROL: &[(&str, &str)] = &[];

/// Adds the people and the applications; those that are there stay as they are.
pub(super) async fn add(site: &Site, secrets: &Secrets) -> Result<(), Failure> {
    let people = people::open(site, people::backend(site, None)?)?;
    for (name, password) in &secrets.people {
        let username = Username::parse(name)?;
        if people.show(&username).await.is_ok() {
            continue;
        }
        let known = match name.as_str() {
            "alice" => ALICE,
            "bob" => BOB,
            _ => CAROL,
        };
        let mut attributes = Attributes::new();
        known.iter().for_each(|(name, value)| attributes.add(*name, *value));
        let (id, password) = (secret::id(), Password::parse(password.clone())?);
        let new = NewPerson {
            id: &id,
            username: &username,
            password: &password,
            attributes: &attributes,
        };
        people.add(new, site.now.millis()).await?;
    }
    for client in [spa()?, web(&secrets.web_secret)?] {
        if clients::find(&site.storage, &client.client_id).await?.is_none() {
            put(site, &client).await?;
        }
    }
    Ok(())
}

/// Lets the single-page application follow to the port where it is served now.
pub(super) async fn move_spa(site: &Site, origin: &str) -> Result<(), Failure> {
    let Some(row) = clients::find(&site.storage, SPA).await? else { return Ok(()) };
    let mut client = clients::read(&row)?;
    client.redirect_uris = vec![format!("{origin}{REDIRECTION}")];
    client.post_logout_redirect_uris = vec![format!("{origin}{SIGNED_OUT}")];
    put(site, &client).await
}

async fn put(site: &Site, client: &Client) -> Result<(), Failure> {
    let row = clients::write(client, None, site.now)?;
    Ok(clients::put(&site.storage, row).await?)
}

/// May use every response type, so that all of them can be looked at.
fn spa() -> Result<Client, Failure> {
    Ok(serde_json::from_value(json!({
        "client_id": SPA,
        "client_name": "Demo application",
        "redirect_uris": [],
        "response_types": ResponseType::ALL,
        "grant_types": GrantType::ALL,
        "scope": SCOPE,
        "token_endpoint_auth_method": AuthMethod::None,
    }))?)
}

fn web(secret: &str) -> Result<Client, Failure> {
    let client: Client = serde_json::from_value(json!({
        "client_id": WEB,
        "client_name": "Demo web application",
        "redirect_uris": [WEB_REDIRECT_URI],
        "response_types": [ResponseType::CODE],
        "grant_types": [GrantType::AuthorizationCode, GrantType::RefreshToken],
        "scope": SCOPE,
        "token_endpoint_auth_method": AuthMethod::ClientSecretBasic,
    }))?;
    Ok(Client { secret: Some(SecretHash::of(secret)), ..client })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::claims::BY_SCOPE;

    /// "Address Claim" (OIDC Core §5.1.1).
    const ADDRESS: [&str; 6] =
        ["formatted", "street_address", "locality", "region", "postal_code", "country"];

    #[test]
    fn alice_has_every_standard_claim() {
        for claim in BY_SCOPE.iter().flat_map(|(_, claims)| *claims) {
            let names = match *claim {
                "address" => ADDRESS.map(|member| format!("address.{member}")).to_vec(),
                claim => vec![claim.to_owned()],
            };
            for name in names {
                let known = ALICE.iter().find(|(known, _)| *known == name);
                assert!(known.is_some_and(|(_, value)| !value.is_empty()), "{name}");
            }
        }
    }
}
