//! The issuer identifier (OIDC Discovery 1.0 §3; RFC 8414 §2).
//!
//! "URL that uses the "https" scheme with no query or fragment components". We want no path either,
//! as all endpoints live at the root, and no slash at the end, as clients compare the issuer byte
//! by byte. Plain http is for the machine that one sits at.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Scheme, host and port, under which everyone reaches this server.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    url: Url,
    text: String,
}

impl Issuer {
    /// Checks the text; what is wrong with it, otherwise.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url =
            Url::parse(text).map_err(|_| "must be a URL such as \"https://login.example\"")?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("must begin with https:// (http:// only for localhost)"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have no query and no fragment");
        }
        if url.path() != "/" || text.ends_with('/') {
            return Err("must have no path and no slash at its end");
        }
        let normal = url.as_str().trim_end_matches('/').to_owned();
        if normal != text {
            return Err("must be written in its normal form: lower case, no default port");
        }
        Ok(Self { url, text: normal })
    }

    /// Without a slash at its end: the `iss` of everything that we issue.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_scheme_host_and_port() {
        for text in [
            "https://login.example",
            "https://login.example:8443",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:8080",
        ] {
            assert_eq!(
                Issuer::parse(text).map(|issuer| issuer.as_str().to_owned()).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn anything_more_or_less_is_no_issuer() {
        for text in [
            "",
            "login.example",
            "http://login.example",
            "ftp://login.example",
            "https://login.example/",
            "https://login.example/sso",
            "https://login.example?x",
            "https://login.example#x",
            "https://a:b@login.example",
            "https://LOGIN.example",
            "https://login.example:443",
            "http://localhost.evil.example",
        ] {
            assert!(Issuer::parse(text).is_err(), "{text}");
        }
    }
}
