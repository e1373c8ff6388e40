//! Where the directory is, and how connections to it are protected.
//!
//! *Why* `ldap://` alone means StartTLS: a password that crosses the network in the open must have
//! been asked for, by the word `plaintext`, and never follow from a forgotten letter (LD6).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use rustls::pki_types::ServerName;
use url::Url;

use super::options::{BadOption, Options};

/// The hosts, or where the DNS tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `url`: at least one, in the order of the configuration.
    Listed(Vec<Address>),
    /// `srv`: the name whose SRV records are looked up.
    Srv(String),
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    /// A name, or an IP address without brackets. Certificates are checked against it.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Which host is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The first of the list that answers.
    Listed,
    /// Each in turn.
    RoundRobin,
}

/// How connections are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after a question in the open, and nothing without it.
    StartTls,
    /// None. Only by that word.
    Plaintext,
}

const WORDS: &[(&str, Security)] =
    &[("tls", Security::Tls), ("starttls", Security::StartTls), ("plaintext", Security::Plaintext)];

impl Security {
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Tls => "ldaps",
            Self::StartTls | Self::Plaintext => "ldap",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse::<Ipv6Addr>() {
            Ok(ip) => write!(f, "[{ip}]:{}", self.port),
            Err(_) => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

pub(super) fn read(options: &Options<'_>) -> Result<(Place, Security), BadOption> {
    let asked = options.word("security", WORDS)?;
    match (options.texts("url")?, options.text("srv")?) {
        (Some(urls), None) => listed(&urls, asked),
        (None, Some(domain)) => srv(&domain, asked),
        (Some(_), Some(_)) => {
            Err(BadOption::new("srv", "stands beside `url`; take one of them out"))
        }
        (None, None) => Err(BadOption::new(
            "url",
            "is missing; say where the directory is: \"ldaps://ldap.example\", or `srv` and a domain",
        )),
    }
}

fn listed(urls: &[String], asked: Option<Security>) -> Result<(Place, Security), BadOption> {
    let mut addresses = Vec::new();
    let mut schemes = Vec::new();
    for text in urls {
        let (scheme, address) = address(text)?;
        schemes.push(scheme);
        addresses.push(address);
    }
    let tls = schemes.contains(&"ldaps");
    if tls && schemes.contains(&"ldap") {
        return Err(BadOption::new("url", "mixes ldap:// and ldaps://; take one for all hosts"));
    }
    let security = match (asked, tls) {
        (None | Some(Security::Tls), true) => Security::Tls,
        (None, false) => Security::StartTls,
        (Some(security), false) if security != Security::Tls => security,
        _ => {
            return Err(BadOption::new(
                "security",
                "contradicts `url`: \"tls\" goes with ldaps://, \"starttls\" and \"plaintext\" with \
                 ldap://",
            ));
        }
    };
    Ok((Place::Listed(addresses), security))
}

fn address(text: &str) -> Result<(&'static str, Address), BadOption> {
    let bad = |problem: &str| {
        BadOption::new("url", format!("has {problem}; write ldaps://HOST or ldaps://HOST:PORT"))
    };
    let url = Url::parse(text).map_err(|_| bad("something that is no URL"))?;
    let (scheme, port) = match url.scheme() {
        "ldaps" => ("ldaps", 636),
        "ldap" => ("ldap", 389),
        _ => return Err(bad("a URL of another kind than ldap:// and ldaps://")),
    };
    // A password in a URL would be shown with it.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("a user in a URL"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("more than a host in a URL"));
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
    if ServerName::try_from(host.as_str()).is_err() {
        return Err(bad("a URL without the name or address of a host"));
    }
    Ok((scheme, Address { host, port: url.port().unwrap_or(port) }))
}

fn srv(domain: &str, asked: Option<Security>) -> Result<(Place, Security), BadOption> {
    let security = asked.unwrap_or(Security::StartTls);
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let bare = domain.trim_start_matches('_');
    if ServerName::try_from(bare).is_err() || bare.parse::<IpAddr>().is_ok() {
        return Err(BadOption::new("srv", "must be a domain: \"corp.example\""));
    }
    // A name that begins with a service is taken as it stands.
    let name = if domain.starts_with('_') {
        domain
    } else {
        format!("_{}._tcp.{domain}", security.scheme())
    };
    Ok((Place::Srv(name), security))
}

pub(super) fn dns_servers(options: &Options<'_>) -> Result<Vec<SocketAddr>, BadOption> {
    let servers = options.texts("dns_servers")?.unwrap_or_default();
    let at_53 = |text: &String| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    servers
        .iter()
        .map(|text| {
            at_53(text).or_else(|_| text.parse()).map_err(|_| {
                BadOption::new(
                    "dns_servers",
                    "must be IP addresses, with a port if it is not 53: \"192.0.2.1\"",
                )
            })
        })
        .collect()
}
