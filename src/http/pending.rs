//! An authorization request that waits for the End-User: sealed, in the URL and the form of each page, and bound to one browser.
//!
//! Nothing is stored for it. What comes back is the raw request, and everything is decided from it anew.

use serde::{Deserialize, Serialize};

use crate::protocol::{Parameters, Timestamp};
use crate::seal::{Opened, Purpose};
use crate::secret;

use super::cookies::{Cookie, Visitor};
use super::fault::Fault;
use super::provider::Provider;

/// The name under which pages pass it on.
pub const PENDING: &str = "pending";

/// An authorization request as received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// What a login, a consent and a choice record that they answered.
    pub id: String,
    pub received_at: Timestamp,
    /// The hash of the browser's id. A request that came by POST has none yet, as no cookie comes with a cross-site POST.
    browser: Option<String>,
    parameters: String,
}

/// What a sealed request turns out to be.
pub enum Found {
    Current(Pending),
    /// Authentic and nobody's yet: as good as a link with the same parameters, and good for nothing but to begin with.
    Unbound(Pending),
    /// Authentic and of this browser, but too old.
    Expired(Pending),
    /// Authentic, but begun elsewhere.
    Elsewhere(Pending),
    Nothing,
}

impl Pending {
    /// A request that has just been received.
    pub fn new(parameters: &Parameters, received_at: Timestamp) -> Self {
        Self { id: secret::id(), received_at, browser: None, parameters: parameters.encode() }
    }

    /// The same request, received now.
    #[must_use]
    pub fn anew(self, now: Timestamp) -> Self {
        Self { id: secret::id(), received_at: now, browser: None, parameters: self.parameters }
    }

    pub fn parameters(&self) -> Parameters {
        Parameters::parse(self.parameters.as_bytes())
    }

    /// Opens what a page or a POST has sealed.
    pub fn open(provider: &Provider, sealed: &str, visitor: &Visitor, now: Timestamp) -> Found {
        let Ok(opened) = provider.sealer.open::<Self>(Purpose::PendingRequest, sealed) else {
            return Found::Nothing;
        };
        let Opened { value, expires_at } = opened;
        let here = provider.cookies.read(visitor, Cookie::Browser).map(secret::hash);
        match &value.browser {
            None => Found::Unbound(value),
            Some(_) if value.browser != here => Found::Elsewhere(value),
            Some(_) if now >= expires_at => Found::Expired(value),
            Some(_) => Found::Current(value),
        }
    }

    /// Seals the request for the browser with this id.
    pub fn seal(&self, provider: &Provider, browser: Option<&str>) -> Result<String, Fault> {
        let sealed = Self { browser: browser.map(secret::hash), ..self.clone() };
        let expires_at = self.received_at.plus(provider.config.lifetimes.pending_request);
        Ok(provider.sealer.seal(Purpose::PendingRequest, &sealed, expires_at)?)
    }
}
