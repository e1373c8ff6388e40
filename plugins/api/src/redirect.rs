//! The login on another site's page: departure and arrival.

use async_trait::async_trait;
use url::Url;

use crate::{Identity, Refusal, Unavailable};

/// The person is sent to another site and comes back with its word for it.
#[async_trait]
pub trait RedirectLogin: Send + Sync {
    /// The callback parameter that echoes [`Departing::correlation`]: `state`, or `RelayState`.
    fn correlation_parameter(&self) -> &'static str;

    /// Where to send the person, and what to remember until they return.
    async fn depart(&self, departing: Departing<'_>) -> Result<Departure, Unavailable>;

    /// Who came back. Verifies everything, as every parameter may be an attacker's.
    async fn arrive(&self, arriving: Arriving<'_>) -> Result<Identity, Refusal>;

    /// A document about us for the other site's operator, if its protocol has one.
    fn metadata(&self) -> Option<String> {
        None
    }
}

/// A person about to be sent away.
#[derive(Clone, Copy, Debug)]
pub struct Departing<'a> {
    /// Opaque, unguessable, at most 80 bytes (the limit of a SAML `RelayState`).
    pub correlation: &'a str,
    /// Ask for fresh proof, even of someone already signed in there.
    pub reauthenticate: bool,
    /// The name that the person is expected to use.
    pub login_hint: Option<&'a str>,
}

/// Where to send a person, and what to remember of it.
#[derive(Clone, Debug)]
pub struct Departure {
    /// How the browser gets there.
    pub via: Via,
    /// Handed back on arrival, never shown to the browser: a request id, a nonce, a verifier.
    pub memento: Vec<u8>,
}

/// How a browser is sent to another site.
#[derive(Clone, Debug)]
pub enum Via {
    /// By a redirect.
    Redirect(Url),
    /// By a form that submits itself.
    FormPost {
        /// Where the form is posted.
        action: Url,
        /// Its hidden fields: names and values.
        fields: Vec<(String, String)>,
    },
}

/// A person who came back, and what they carry.
#[derive(Clone, Copy, Debug)]
pub struct Arriving<'a> {
    /// Every parameter of the callback, from its query or its form, in order and with repeats.
    pub parameters: &'a [(String, String)],
    /// What [`Departing::correlation`] was; the host has found it among the parameters.
    pub correlation: &'a str,
    /// What [`Departure::memento`] was.
    pub memento: &'a [u8],
}
