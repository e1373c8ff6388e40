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
        || uri.contains(['\\', '"', '<', '>', '`'])
    {
        return refuse("holds a character that must be percent-encoded");
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
    if url.query_pairs().any(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
        return refuse("its query holds a parameter that the answer adds");
    }
    if has_dot_segment(uri) {
        return refuse(
            "its path must not hold dot segments, path parameters or encoded separators",
        );
    }
    match url.scheme() {
        "https" if uri.starts_with("https://") && url.has_host() => Ok(()),
        "http" if uri.starts_with("http://") && is_loopback(&url) => Ok(()),
        "http" => refuse("http is only for loopback addresses; use https"),
        _ if application_type == ApplicationType::Native && is_private_use(uri) => Ok(()),
        _ => refuse(
            "its scheme is not allowed (https, http on loopback, or for native applications a scheme with a dot)",
        ),
    }
}

/// Whether the presented URI is the registered one. For native applications only the port may differ, and only on a loopback
/// IP literal: "The authorization server MUST allow any port to be specified at the time of the request for loopback
/// IP redirect URIs" (RFC 8252 §7.3).
pub fn is_same(registered: &str, presented: &str, application_type: ApplicationType) -> bool {
    registered == presented
        || application_type == ApplicationType::Native
            && ["http://127.0.0.1", "http://[::1]"].iter().any(|origin| {
                let rest =
                    |uri: &str| uri.strip_prefix(origin).and_then(without_port).map(str::to_owned);
                rest(registered).is_some_and(|registered| rest(presented) == Some(registered))
            })
}

/// What follows the authority, if that ends here or goes on with a port in plain digits.
fn without_port(rest: &str) -> Option<&str> {
    let Some(port) = rest.strip_prefix(':') else {
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest);
    };
    let end = port.find(['/', '?']).unwrap_or(port.len());
    let (port, rest) = port.split_at(end);
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (digits && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(rest)
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

fn authority(uri: &str) -> &str {
    let rest = uri.split_once("//").map_or("", |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// Paths that a proxy or a framework may read as another path.
fn has_dot_segment(uri: &str) -> bool {
    let path = uri.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let path = path.replace("%25", "%").replace("%2e", ".");
    path.contains("%2f")
        || path.contains("%5c")
        || path.split('/').any(|segment| {
            segment == "."
                || segment == ".."
                || segment.starts_with("..;")
                || segment.starts_with(".;")
        })
}
