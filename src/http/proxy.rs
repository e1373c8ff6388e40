//! Whose request it is, behind proxies (`Forwarded`, RFC 7239; `X-Forwarded-For`).
//!
//! Anyone can send these headers, so they are read from the right, the end that our own proxies
//! write, and only as far as configured proxies wrote them. Nothing but an address is taken from
//! them: host and scheme of every link and of `iss` come from the configuration alone.

use std::net::{IpAddr, SocketAddr};

use poem::http::HeaderMap;
use poem::http::header::FORWARDED;

use crate::config::Network;

/// A chain that is longer was not made by our proxies.
const LONGEST_CHAIN: usize = 32;

/// The proxies that are believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The address of the client, given that of the socket's other end.
    ///
    /// Where both headers are present and disagree, one of them is the client's own invention that
    /// a proxy passed on, and there is no telling which: then neither is believed.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let listed = self.farthest(peer, chain(headers, "x-forwarded-for").map(address));
        let forwarded = self.farthest(peer, chain(headers, FORWARDED.as_str()).map(for_parameter));
        match (listed, forwarded) {
            (Some(listed), Some(forwarded)) if listed != forwarded => peer,
            (listed, forwarded) => listed.or(forwarded).unwrap_or(peer),
        }
    }

    /// The first address from the right that is no proxy of ours, or else the farthest proxy that is.
    /// None without a chain.
    fn farthest(
        &self,
        peer: IpAddr,
        chain: impl Iterator<Item = Option<IpAddr>>,
    ) -> Option<IpAddr> {
        let mut chain = chain.take(LONGEST_CHAIN).peekable();
        chain.peek()?;
        let mut nearest = peer;
        for hop in chain {
            let Some(hop) = hop else { break };
            nearest = hop;
            if !self.trust(hop) {
                break;
            }
        }
        Some(nearest)
    }
}

/// The elements of a list header, the last first. Quoted commas split too: what a proxy of ours
/// writes has none, and what stands to the left of it is not read as anything else than a stop.
fn chain<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    values.into_iter().rev().flat_map(|value| value.as_bytes().rsplit(|&byte| byte == b','))
}

/// An address, with or without a port, brackets around IPv6 or not; None for `unknown`, a name, or
/// anything else.
fn address(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// The address in an element's `for`, as in `for="[2001:db8::17]:4711";proto=https`.
fn for_parameter(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?;
    let mut nodes = text.split(';').filter_map(|pair| {
        let (name, node) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| node.trim().trim_matches('"'))
    });
    // "Each parameter MUST NOT occur more than once per field-value" (RFC 7239 §4).
    let node = nodes.next().filter(|_| nodes.next().is_none())?;
    address(node.as_bytes())
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderName, HeaderValue};

    use super::*;

    type Headers<'a> = &'a [(&'a str, &'a [u8])];

    fn client(peer: &str, headers: Headers<'_>) -> String {
        let trusted = ["10.0.0.0/8", "::1", "fd00::/8"].map(|text| text.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        Proxies::new(trusted.into()).client(peer.parse().unwrap(), &map).to_string()
    }

    const LISTED: &str = "x-forwarded-for";

    // HH1
    #[test]
    fn only_a_configured_proxy_is_believed() {
        for peer in ["203.0.113.9", "192.168.0.1", "2001:db8::9"] {
            let headers: Headers<'_> =
                &[(LISTED, b"198.51.100.1"), ("forwarded", b"for=198.51.100.1")];
            assert_eq!(client(peer, headers), peer);
        }
    }

    // HH1, DO2
    #[test]
    fn the_last_address_that_is_no_proxy_of_ours_is_the_client() {
        let table: &[(Headers<'_>, &str)] = &[
            (&[], "10.0.0.1"),
            (&[(LISTED, b"198.51.100.1")], "198.51.100.1"),
            (&[(LISTED, b" 198.51.100.1 ")], "198.51.100.1"),
            (&[(LISTED, b"198.51.100.1:4711")], "198.51.100.1"),
            (&[(LISTED, b"2001:db8::1")], "2001:db8::1"),
            (&[(LISTED, b"[2001:db8::1]")], "2001:db8::1"),
            (&[(LISTED, b"[2001:db8::1]:4711")], "2001:db8::1"),
            (&[(LISTED, b"::ffff:198.51.100.1")], "198.51.100.1"),
            // What the client wrote itself stands to the left of what the proxy saw.
            (&[(LISTED, b"127.0.0.1, 198.51.100.1")], "198.51.100.1"),
            (&[(LISTED, b"127.0.0.1"), (LISTED, b"198.51.100.1")], "198.51.100.1"),
            (&[(LISTED, b"\xff\xfe, 198.51.100.1")], "198.51.100.1"),
            // Several proxies of ours.
            (&[(LISTED, b"127.0.0.1, 198.51.100.1, 10.0.0.7")], "198.51.100.1"),
            (&[(LISTED, b"198.51.100.1"), (LISTED, b"10.0.0.7, fd00::7")], "198.51.100.1"),
            // Nobody from outside.
            (&[(LISTED, b"10.0.0.9, 10.0.0.7")], "10.0.0.9"),
            // What cannot be read ends the search at the proxy that wrote it.
            (&[(LISTED, b"")], "10.0.0.1"),
            (&[(LISTED, b"unknown")], "10.0.0.1"),
            (&[(LISTED, b"198.51.100.1, unknown")], "10.0.0.1"),
            (&[(LISTED, b"198.51.100.1, unknown, 10.0.0.7")], "10.0.0.7"),
            (&[(LISTED, b"198.51.100.1,")], "10.0.0.1"),
            (&[(LISTED, b"\x80\xff")], "10.0.0.1"),
            (&[(LISTED, b"198.51.100.1\xc3\xa9")], "10.0.0.1"),
            (&[(LISTED, b"198.51.100.256")], "10.0.0.1"),
            (&[(LISTED, b"[198.51.100.1")], "10.0.0.1"),
            // RFC 7239 §4.
            (&[("forwarded", b"for=198.51.100.1")], "198.51.100.1"),
            (&[("forwarded", b"For=\"198.51.100.1:80\";proto=http;by=10.0.0.1")], "198.51.100.1"),
            (
                &[("forwarded", b"proto=https; for=\"[2001:db8:cafe::17]:4711\"")],
                "2001:db8:cafe::17",
            ),
            (
                &[("forwarded", b"for=127.0.0.1, for=198.51.100.1;host=evil.example")],
                "198.51.100.1",
            ),
            (&[("forwarded", b"for=\"127.0.0.1, for=198.51.100.1")], "198.51.100.1"),
            (&[("forwarded", b"for=_hidden")], "10.0.0.1"),
            (&[("forwarded", b"for=127.0.0.1;for=198.51.100.1")], "10.0.0.1"),
            (&[("forwarded", b"proto=https")], "10.0.0.1"),
            (&[("forwarded", b"for=\xff")], "10.0.0.1"),
            // One of the two is invented.
            (&[(LISTED, b"198.51.100.1"), ("forwarded", b"for=198.51.100.1")], "198.51.100.1"),
            (&[(LISTED, b"198.51.100.1"), ("forwarded", b"for=127.0.0.1")], "10.0.0.1"),
            // Nothing else says who is there.
            (&[("x-real-ip", b"198.51.100.1"), ("true-client-ip", b"198.51.100.1")], "10.0.0.1"),
        ];
        for (headers, expected) in table {
            assert_eq!(client("10.0.0.1", headers), *expected, "{headers:?}");
            assert_eq!(client("::ffff:10.0.0.1", headers), *expected, "{headers:?}");
        }
    }

    #[test]
    fn a_chain_without_end_is_not_followed() {
        let mut chain = b"198.51.100.1".to_vec();
        chain.extend(b", 10.0.0.7".repeat(100));
        assert_eq!(client("10.0.0.1", &[(LISTED, &chain)]), "10.0.0.7");
    }
}
