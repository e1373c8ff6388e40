//! A cookie jar (RFC 6265bis) that refuses what a browser would refuse.
//!
//! It knows one host: a provider sets no `Domain`. Of dates it reads `Max-Age` alone.

use std::collections::BTreeMap;

use url::Url;

/// How a request came about, which decides what goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// A page of the provider, or the person typing.
    SameSite,
    /// A page of somebody else; `safe` is a method that changes nothing.
    CrossSite { safe: bool },
}

/// A cookie as it was set.
#[derive(Clone, Debug)]
pub struct Cookie {
    pub value: String,
    pub path: String,
    pub secure: bool,
    pub http_only: bool,
    pub same_site: String,
    /// Seconds since 1970; none ends with the browser.
    pub expires: Option<i64>,
}

#[derive(Debug, Default)]
pub struct Jar(BTreeMap<String, Cookie>);

impl Jar {
    /// Reads one `Set-Cookie`.
    pub fn set(&mut self, header: &str, url: &Url, now: i64) {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) =
            parts.next().unwrap().split_once('=').unwrap_or_else(|| panic!("no cookie: {header}"));
        let mut cookie = Cookie {
            value: value.to_owned(),
            path: "/".to_owned(),
            secure: false,
            http_only: false,
            same_site: "Lax".to_owned(),
            expires: None,
        };
        let mut said_same_site = false;
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            match key.to_ascii_lowercase().as_str() {
                "path" => cookie.path = value.to_owned(),
                "secure" => cookie.secure = true,
                "httponly" => cookie.http_only = true,
                "samesite" => {
                    value.clone_into(&mut cookie.same_site);
                    said_same_site = true;
                }
                "max-age" => cookie.expires = Some(now + value.parse::<i64>().unwrap()),
                "expires" => assert!(
                    header.to_ascii_lowercase().contains("max-age"),
                    "Expires alone: {header}"
                ),
                _ => panic!("a cookie attribute that we do not set: {header}"),
            }
        }
        assert!(said_same_site, "a cookie says its SameSite: {header}");
        assert!(
            !cookie.secure || url.scheme() == "https",
            "a browser drops Secure cookies over http: {header}"
        );
        assert!(
            !name.starts_with("__Host-") || (cookie.secure && cookie.path == "/"),
            "__Host- demands Secure and Path=/: {header}"
        );
        assert!(
            cookie.same_site != "None" || cookie.secure,
            "SameSite=None demands Secure: {header}"
        );
        if cookie.expires.is_some_and(|expires| expires <= now) {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), cookie);
        }
    }

    /// The `Cookie` header for a request.
    pub fn header(&self, url: &Url, initiator: Initiator, now: i64) -> Option<String> {
        let sent = self.0.iter().filter(|(_, cookie)| {
            let in_time = cookie.expires.is_none_or(|expires| expires > now);
            let on_path = covers(&cookie.path, url.path());
            let same_site = match (initiator, cookie.same_site.as_str()) {
                (Initiator::SameSite, _) | (_, "None") => true,
                (Initiator::CrossSite { safe }, "Lax") => safe,
                (Initiator::CrossSite { .. }, _) => false,
            };
            in_time && on_path && same_site && (!cookie.secure || url.scheme() == "https")
        });
        let pairs: Vec<_> = sent.map(|(name, cookie)| format!("{name}={}", cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub fn all(&self) -> &BTreeMap<String, Cookie> {
        &self.0
    }
}

fn covers(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

mod tests {
    use super::*;

    #[test]
    fn a_jar_sends_what_a_browser_would_send() {
        let here = Url::parse("https://op.example.test/login").unwrap();
        let elsewhere = Url::parse("https://op.example.test/logins").unwrap();
        let mut jar = Jar::default();
        jar.set("a=1; Path=/login; HttpOnly; SameSite=Lax; Secure; Max-Age=10", &here, 100);
        let sent = |jar: &Jar, url, initiator, now| jar.header(url, initiator, now);
        let get = Initiator::CrossSite { safe: true };
        assert_eq!(sent(&jar, &here, get, 109).as_deref(), Some("a=1"));
        assert_eq!(sent(&jar, &here, get, 110), None, "expired");
        assert_eq!(sent(&jar, &elsewhere, get, 100), None, "another path");
        assert_eq!(
            sent(&jar, &here, Initiator::CrossSite { safe: false }, 100),
            None,
            "SameSite=Lax"
        );
        jar.set("a=; Path=/login; SameSite=Lax; Max-Age=0", &here, 100);
        assert!(jar.all().is_empty());
    }
}
