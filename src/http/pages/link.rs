//! An address that a page may put into `href`, `src` or `action` (XS1, RU5).

use serde::Serialize;
use url::Url;

/// An http or https address, kept as it was written. Nothing else becomes a link: a `javascript:` address would run with our
/// page's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Link {
    address: String,
    #[serde(skip)]
    origin: String,
}

impl Link {
    /// `None` for what is not an absolute http or https address, or whose origin could not stand in a header.
    pub fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let origin = url.origin().ascii_serialization();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
        (matches!(url.scheme(), "http" | "https") && origin.chars().all(plain))
            .then(|| Self { address: address.to_owned(), origin })
    }

    /// For a Content-Security-Policy source: no character in it could end the source or the directive.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}
