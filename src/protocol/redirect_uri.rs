//! Redirect URIs: which may be registered, and which presented one is the same (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1).
//!
//! Comparison is of bytes. A URL parser is asked only whether a URI may be *registered*; two parsers can disagree, bytes
//! cannot.

use url::{Host, Url};

use super::client::ApplicationType;
use super::error::{Code, Error};

/// Names that our answer adds; in a registered query they would come twice.
const RESPONSE_PARAMETERS: [&str; 12] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "id_token",
    "session_state",
];

/// Whether a URI may be registered, to be redirected to after login or logout.
pub fn validate(uri: &str, application_type: ApplicationType) -> Result<(), Error> {
    let shown: String = uri.chars().take(200).collect();
    let refuse = |reason: &str| Err(Code::InvalidRedirectUri.because(format!("{shown}: {reason}")));
    if uri.len() > 2000 {
        return refuse("longer than 2000 bytes");
    }
    if !uri.bytes().all(|byte| matches!(byte, 0x21..=0x7e))
        || uri.contains(['\\', '"', '<', '>', '`', '^', '{', '|', '}'])
    {
        return refuse("holds a character that must be percent-encoded");
    }
    if !is_percent_encoded(uri) {
        return refuse("holds a percent sign that encodes nothing");
    }
    if uri.contains('*') {
        return refuse("wildcards are not supported");
    }
    let Ok(url) = Url::parse(uri) else { return refuse("is not an absolute URI") };
    if uri.contains('#') {
        return refuse("must not have a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() || authority(uri).contains('@') {
        return refuse("must not hold user information");
    }
    // `https:///host`, `https://%61.example`, `http://2130706433`: what the browser takes for the host is not what is written.
    if url.host_str().is_some_and(|host| without_port(authority(uri), host).is_none()) {
        return refuse("its host must be written in lower case and in its usual form");
    }
    if url.query_pairs().any(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
        return refuse("its query holds a parameter that the answer adds");
    }
    if has_dot_segment(uri) {
        return refuse(
            "its path must not hold dot segments, path parameters or encoded separators",
        );
    }
    if !has_allowed_scheme(uri, application_type) {
        return refuse(
            "its scheme is not allowed (https, http on loopback, or for native applications a scheme with a dot)",
        );
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return refuse("http is only for loopback addresses; use https");
    }
    Ok(())
}

/// Whether anyone may ever be sent to a URI of this scheme, whatever is registered.
pub fn has_allowed_scheme(uri: &str, application_type: ApplicationType) -> bool {
    uri.starts_with("https://")
        || uri.starts_with("http://")
        || application_type == ApplicationType::Native && is_private_use(uri)
}

/// Whether the presented URI is the registered one. For native applications only the port may differ, and only on a loopback
/// IP literal: "The authorization server MUST allow any port to be specified at the time of the request for loopback
/// IP redirect URIs" (RFC 8252 §7.3).
pub fn is_same(registered: &str, presented: &str, application_type: ApplicationType) -> bool {
    registered == presented
        || application_type == ApplicationType::Native
            && ["http://127.0.0.1", "http://[::1]"].iter().any(|origin| {
                let rest = without_port(registered, origin);
                rest.is_some() && rest == without_port(presented, origin)
            })
}

/// What follows this origin or host and its port, if any: the path and the query.
fn without_port<'a>(uri: &'a str, origin: &str) -> Option<&'a str> {
    let rest = uri.strip_prefix(origin)?;
    let Some(port) = rest.strip_prefix(':') else {
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest);
    };
    let (port, rest) = port.split_at(port.find(['/', '?']).unwrap_or(port.len()));
    let plain = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    (plain && port.parse::<u16>().is_ok()).then_some(rest)
}

/// A private-use scheme in reverse domain notation (RFC 8252 §7.1).
pub fn is_private_use(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or_default();
    scheme.contains('.')
        && scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+')
        })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// "A percent-encoded octet is encoded as a character triplet" (RFC 3986 §2.1).
fn is_percent_encoded(uri: &str) -> bool {
    uri.split('%').skip(1).all(|rest| {
        rest.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    })
}

fn authority(uri: &str) -> &str {
    let rest = uri.split_once("//").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// Paths that a proxy or a framework may read as another path.
fn has_dot_segment(uri: &str) -> bool {
    let mut path = uri.split('?').next().unwrap_or_default().to_ascii_lowercase();
    while path.contains("%25") {
        path = path.replace("%25", "%");
    }
    let path = path.replace("%2e", ".").replace("%3b", ";");
    path.contains("%2f")
        || path.contains("%5c")
        || path.split('/').any(|segment| {
            segment == "."
                || segment == ".."
                || segment.starts_with("..;")
                || segment.starts_with(".;")
        })
}

#[cfg(test)]
mod tests;
