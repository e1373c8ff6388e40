//! Our cookies, and what else a request says about who sends it.
//!
//! `__Host-` and `Secure` whenever the issuer is https; never readable by scripts; `SameSite` as configured. No cookie holds a token.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use poem::http::{HeaderMap, HeaderValue, header};
use poem::{FromRequest, Request, RequestBody, Response};

use super::observe::{ClientAddress, RequestId};

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// A random id of this browser, to which sealed values are bound.
    Browser,
    /// The random id of the session.
    Session,
    /// The accounts that have logged in here before, sealed.
    Known,
}

impl Cookie {
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Browser, true) => "__Host-vestibule-browser",
            (Self::Browser, false) => "vestibule-browser",
            (Self::Session, true) => "__Host-vestibule-session",
            (Self::Session, false) => "vestibule-session",
            (Self::Known, true) => "__Host-vestibule-known",
            (Self::Known, false) => "vestibule-known",
        }
    }

    /// The longest that browsers keep a cookie.
    pub const KNOWN_FOR: Duration = Duration::from_secs(400 * 24 * 60 * 60);

    /// How long the browser keeps it, in seconds; until it is closed, where none is given.
    const fn max_age(self) -> Option<u64> {
        match self {
            Self::Known => Some(Self::KNOWN_FOR.as_secs()),
            Self::Browser | Self::Session => None,
        }
    }
}

/// How cookies are written at this issuer.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    pub https: bool,
    pub cross_site: bool,
}

impl Cookies {
    pub fn set(self, response: &mut Response, cookie: Cookie, value: &str) {
        let max_age = cookie.max_age().map(|age| format!("; Max-Age={age}")).unwrap_or_default();
        self.write(response, cookie, value, &max_age);
    }

    pub fn clear(self, response: &mut Response, cookie: Cookie) {
        self.write(response, cookie, "", "; Max-Age=0");
    }

    fn write(self, response: &mut Response, cookie: Cookie, value: &str, max_age: &str) {
        let name = cookie.name(self.https);
        let secure = if self.https { "; Secure" } else { "" };
        let same_site = if self.cross_site { "None" } else { "Lax" };
        let text =
            format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{max_age}");
        if let Ok(text) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, text);
        }
    }

    /// The value that the browser sent. Of two cookies of one name neither is ours for certain, so there is none.
    pub fn read(self, visitor: &Visitor, cookie: Cookie) -> Option<&str> {
        let name = cookie.name(self.https);
        let mut values = visitor.cookies.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        (values.next().is_none() && !value.is_empty()).then_some(value.as_str())
    }
}

/// Who sends a request, as far as headers and the connection tell.
pub struct Visitor {
    cookies: Vec<(String, String)>,
    pub address: IpAddr,
    /// The id of this request, under which the log and an error page can be brought together.
    pub reference: String,
    pub headers: HeaderMap,
}

impl Visitor {
    /// The `Authorization` headers, as bytes.
    pub fn authorization(&self) -> Vec<&[u8]> {
        self.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect()
    }

    /// The page's origin, if a script of a page sent the request (Fetch standard §3.2).
    pub fn origin(&self) -> Option<&HeaderValue> {
        self.headers.get(header::ORIGIN)
    }
}

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let headers = request.headers();
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.split_once('='));
        Ok(Self {
            cookies: pairs.map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned())).collect(),
            address: request
                .data::<ClientAddress>()
                .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.0),
            reference: reference(request),
            headers: headers.clone(),
        })
    }
}

/// The id of a request, under which the log and the answer can be brought together.
pub fn reference(request: &Request) -> String {
    request.data::<RequestId>().map(RequestId::to_string).unwrap_or_default()
}
