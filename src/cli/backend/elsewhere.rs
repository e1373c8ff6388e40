//! A rehearsal against another host than the configured one (LD3).
//!
//! *Why:* whoever may change the address alone could have the stored password sent to a host of their
//! own. So every stored secret is left out as soon as scheme, host, port or encryption differ.

use serde_json::Value;
use url::Url;
use vestibule_plugin::Password;

use super::super::failure::Failure;
use crate::identity::BackendSettings;

/// Where to go instead, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    scheme: String,
    host: String,
    port: u16,
    security: String,
}

/// What the command line says of the host.
pub(super) struct Elsewhere<'a> {
    pub(super) url: Option<&'a str>,
    pub(super) security: Option<&'a str>,
    /// The options that hold a secret, or name the file of one.
    pub(super) secrets: &'a [&'a str],
    /// Whether a password is given for this run; it may go wherever it is meant to.
    pub(super) asks_bind_password: bool,
}

impl Elsewhere<'_> {
    /// The settings for this run. Fails rather than leave a password out that the backend needs.
    pub(super) fn apply(&self, settings: &BackendSettings) -> Result<BackendSettings, Failure> {
        let mut moved = settings.clone();
        if self.url.is_none() && self.security.is_none() && !self.asks_bind_password {
            return Ok(moved);
        }
        if settings.kind != "ldap" {
            return Err(Failure::new(format!(
                "--url, --security and --bind-password-prompt are for a backend of type \"ldap\"; `{}` is of type \"{}\"",
                settings.name, settings.kind
            )));
        }
        let before = places(settings);
        self.go(&mut moved, &before)?;
        let after = places(&moved);
        let is_same = !after.is_empty() && after.iter().all(|place| before.contains(place));
        if !is_same || self.asks_bind_password {
            self.leave_secrets(&mut moved, &before)?;
        }
        Ok(moved)
    }

    /// To the other host, and by the other encryption.
    fn go(&self, moved: &mut BackendSettings, before: &[Place]) -> Result<(), Failure> {
        let options = &mut moved.options;
        if let Some(url) = self.url {
            if place(url, None).is_none() {
                return Err(Failure::new(
                    "--url must be ldaps://host, ldaps://host:port or the same with ldap://, and nothing more",
                ));
            }
            let same_scheme = |place: &Place| url.starts_with(&format!("{}:", place.scheme));
            // A word for the one scheme would be wrong for the other, and plaintext must be asked for anew.
            if !before.iter().any(same_scheme) {
                options.remove("security");
            }
            for of_the_dns in ["srv", "dns_servers"] {
                options.remove(of_the_dns);
            }
            options.insert("url".to_owned(), Value::from(url));
        }
        if let Some(security) = self.security {
            if security == "plaintext" {
                for of_tls in ["ca", "client_certificate", "client_key"] {
                    options.remove(of_tls);
                }
            }
            options.insert("security".to_owned(), Value::from(security));
        }
        Ok(())
    }

    /// What is stored stays here; a password that is typed for this run may take its place.
    fn leave_secrets(&self, moved: &mut BackendSettings, before: &[Place]) -> Result<(), Failure> {
        let stored: Vec<&str> = self
            .secrets
            .iter()
            .copied()
            .filter(|secret| moved.options.remove(*secret).is_some())
            .collect();
        match stored.first() {
            Some(stored) if !self.asks_bind_password => Err(Failure::new(format!(
                "`{}` is configured for {}, and its `{stored}` is not sent anywhere else; add \
                 --bind-password-prompt to type a password for this run",
                moved.name,
                before.iter().map(Place::shown).collect::<Vec<_>>().join(", "),
            ))),
            _ => Ok(()),
        }
    }
}

/// Puts a password for this run in the place of the stored one.
pub(super) fn with_bind_password(settings: &mut BackendSettings, password: &Password) {
    settings.options.insert("bind_password".to_owned(), Value::from(password.expose()));
}

impl Place {
    fn shown(&self) -> String {
        let Self { scheme, host, port, security } = self;
        format!("{scheme}://{host}:{port} ({security})")
    }
}

/// The places that are configured; none, if they are found in the DNS.
fn places(settings: &BackendSettings) -> Vec<Place> {
    let security = settings.options.get("security").and_then(Value::as_str);
    let urls: Vec<&str> = match settings.options.get("url") {
        Some(Value::String(url)) => vec![url],
        Some(Value::Array(urls)) => urls.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    urls.into_iter().filter_map(|url| place(url, security)).collect()
}

/// Nothing, if it is no address of a directory.
fn place(url: &str, security: Option<&str>) -> Option<Place> {
    let url = Url::parse(url).ok()?;
    let (port, by_scheme) = match url.scheme() {
        "ldaps" => (636, "tls"),
        "ldap" => (389, "starttls"),
        _ => return None,
    };
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let alone = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    alone.then(|| Place {
        scheme: url.scheme().to_owned(),
        host: host.to_ascii_lowercase(),
        port: url.port().unwrap_or(port),
        security: security.unwrap_or(by_scheme).to_owned(),
    })
}

#[cfg(test)]
mod tests;
