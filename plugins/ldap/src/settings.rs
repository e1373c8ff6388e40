//! The options of a backend of type `ldap`: where the directory is, who asks it, how people are
//! found in it, and what counts as their groups.
//!
//! Read once, when the backend is opened. Files that options name (the CA, a certificate, a
//! password) are read then, too; no host is asked.

mod options;
mod people;
mod place;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use vestibule_plugin::Password;

pub use self::options::BadOption;
use self::options::Options;
pub(crate) use self::people::{GroupNames, GroupSource, Groups, People, Scope};
pub(crate) use self::place::{Address, Order, Place, Security};

/// Every option there is.
pub const OPTIONS: &[&str] = &[
    "base",
    "bind_as",
    "bind_dn",
    "bind_password",
    "bind_password_file",
    "ca",
    "client_certificate",
    "client_key",
    "connect_timeout",
    "connections",
    "dns_servers",
    "filter",
    "group_base",
    "group_depth",
    "group_filter",
    "group_names",
    "group_pattern",
    "groups",
    "nested_groups",
    "operation_timeout",
    "order",
    "password_change",
    "password_policy",
    "required_group",
    "scope",
    "security",
    "srv",
    "subject",
    "url",
];

/// The options that hold a secret which is shown to the host: they go to the configured hosts and to
/// no other.
pub const SECRETS: &[&str] = &["bind_password", "bind_password_file"];

/// A backend as it was configured.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `url` or `srv`: the hosts, or where the DNS tells them.
    pub(crate) place: Place,
    /// `dns_servers`: who is asked for names and SRV records. Empty for the servers of the machine.
    pub(crate) dns_servers: Vec<SocketAddr>,
    /// `order`: which host is asked first.
    pub(crate) order: Order,
    /// `security`: how connections are protected.
    pub(crate) security: Security,
    /// `ca`, `client_certificate`, `client_key`: files in PEM.
    pub(crate) certificates: Certificates,
    /// `connect_timeout`: for the DNS, TCP, TLS and the bind of the service account together.
    pub(crate) connect_timeout: Duration,
    /// `operation_timeout`: for the answer to one question, and for a free connection.
    pub(crate) operation_timeout: Duration,
    /// `connections`: how many there may be in each pool of each host.
    pub(crate) connections: usize,
    /// `bind_dn`, `bind_password`: who searches. Anonymous if absent.
    pub(crate) service: Option<Service>,
    /// How people are found.
    pub(crate) people: People,
    /// What counts as their groups.
    pub(crate) groups: Groups,
}

/// The files that TLS is made of. Without a CA those of the machine are trusted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Certificates {
    pub(crate) ca: Option<String>,
    /// The certificate that we show, and its key.
    pub(crate) client: Option<(String, String)>,
}

/// The account that searches.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) dn: String,
    pub(crate) password: Arc<Password>,
}

impl Settings {
    /// Reads the options that are there; the names have been compared with [`OPTIONS`] already.
    pub(crate) fn parse(options: &Map<String, Value>) -> Result<Self, BadOption> {
        let options = Options(options);
        let (place, security) = place::read(&options)?;
        Ok(Self {
            place,
            dns_servers: place::dns_servers(&options)?,
            security,
            order: options
                .word("order", &[("ordered", Order::Listed), ("round-robin", Order::RoundRobin)])?
                .unwrap_or(Order::Listed),
            certificates: certificates(&options, security)?,
            connect_timeout: options.duration("connect_timeout", Duration::from_secs(2))?,
            operation_timeout: options.duration("operation_timeout", Duration::from_secs(4))?,
            connections: options.number("connections", 1, 256)?.unwrap_or(8),
            service: service(&options)?,
            people: People::read(&options)?,
            groups: Groups::read(&options)?,
        })
    }
}

fn certificates(options: &Options<'_>, security: Security) -> Result<Certificates, BadOption> {
    let ca = options.text("ca")?;
    let client = match (options.text("client_certificate")?, options.text("client_key")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(BadOption::new("client_certificate", "needs `client_key` beside it"));
        }
        (None, Some(_)) => {
            return Err(BadOption::new("client_key", "needs `client_certificate` beside it"));
        }
    };
    let named = if ca.is_some() { "ca" } else { "client_certificate" };
    if security == Security::Plaintext && (ca.is_some() || client.is_some()) {
        return Err(BadOption::new(
            named,
            "has no use where `security` is \"plaintext\"; take one of them out",
        ));
    }
    Ok(Certificates { ca, client })
}

fn service(options: &Options<'_>) -> Result<Option<Service>, BadOption> {
    let Some(dn) = options.text("bind_dn")? else {
        return match SECRETS.iter().find(|option| options.has(option)) {
            Some(option) => Err(BadOption::new(option, "needs `bind_dn` beside it")),
            None => Ok(None),
        };
    };
    let password = options.secret("bind_password", "bind_password_file")?.ok_or_else(|| {
        BadOption::new(
            "bind_dn",
            "needs `bind_password` or `bind_password_file` beside it; leave all of them out to \
             search anonymously",
        )
    })?;
    Ok(Some(Service { dn, password: password.into() }))
}
