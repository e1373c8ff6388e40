//! How a client presents an access token (RFC 6750 §2).

use super::error::{Code, Error};
use super::parameters::Parameters;

/// The token of the header or of the body. `Ok(None)`: the request holds none, "or attempted using an unsupported authentication method",
/// so no error is reported (§3.1).
///
/// "Clients MUST NOT use more than one method to transmit the token in each request." (§2) The query is not one of ours.
pub fn read<'a>(
    authorization: &[&'a [u8]],
    body: Option<&'a Parameters>,
) -> Result<Option<&'a str>, Error> {
    let in_body = body.map(|body| body.get("access_token")).transpose()?.flatten();
    let in_header = match authorization {
        [] => None,
        [header] => of_header(header)?,
        _ => return Err(Code::InvalidRequest.because("more than one Authorization header")),
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => {
            Err(Code::InvalidRequest.because("access_token is given more than once"))
        }
        (header, body) => Ok(header.or(body)),
    }
}

/// `credentials = "Bearer" 1*SP b64token` (§2.1)
fn of_header(header: &[u8]) -> Result<Option<&str>, Error> {
    let (scheme, token) =
        header.split_at(header.iter().position(|b| *b == b' ').unwrap_or(header.len()));
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Ok(None);
    }
    let token = std::str::from_utf8(token).ok().map(|token| token.trim_matches(' '));
    match token.filter(|token| is_b64token(token)) {
        None => Err(Code::InvalidRequest.because("the Authorization header holds no Bearer token")),
        token => Ok(token),
    }
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
fn is_b64token(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !text.is_empty() && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::parameters;

    fn of(headers: &[&[u8]], body: Option<&[(&str, &str)]>) -> Result<Option<String>, Code> {
        let body = body.map(parameters);
        read(headers, body.as_ref())
            .map(|token| token.map(str::to_owned))
            .map_err(|error| error.code)
    }

    #[test]
    fn the_token_is_read_from_the_header() {
        let token = |text: &str| Ok(Some(text.to_owned()));
        let malformed = Err(Code::InvalidRequest);
        for (header, expected) in [
            ("Bearer abc", token("abc")),
            ("bearer abc", token("abc")),
            ("BEARER  abc", token("abc")),
            ("Bearer a-._~+/b==", token("a-._~+/b==")),
            ("Bearer", malformed.clone()),
            ("Bearer ", malformed.clone()),
            ("Bearer ==", malformed.clone()),
            ("Bearer a=b", malformed.clone()),
            ("Bearer a b", malformed.clone()),
            ("Bearer a,b", malformed.clone()),
            ("Bearer \"abc\"", malformed.clone()),
            ("Bearer ü", malformed),
            ("Bearerabc", Ok(None)),
            ("Bearer\tabc", Ok(None)),
            ("Basic YXBwOng=", Ok(None)),
            ("DPoP abc", Ok(None)),
            ("", Ok(None)),
            ("abc", Ok(None)),
        ] {
            assert_eq!(of(&[header.as_bytes()], None), expected, "{header:?}");
        }
        assert_eq!(of(&[b"Bearer \xff"], None), Err(Code::InvalidRequest));
        assert_eq!(of(&[b"\xff \xff"], None), Ok(None));
    }

    #[test]
    fn the_token_comes_by_one_method_once() {
        let abc = Ok(Some("abc".to_owned()));
        let twice = Err(Code::InvalidRequest);
        let body: &[(&str, &str)] = &[("access_token", "abc")];
        assert_eq!(of(&[], None), Ok(None));
        assert_eq!(of(&[], Some(&[])), Ok(None));
        assert_eq!(of(&[], Some(&[("access_token", "")])), Ok(None));
        assert_eq!(of(&[], Some(body)), abc);
        assert_eq!(of(&[b"Basic YXBwOng="], Some(body)), abc);
        assert_eq!(of(&[b"Bearer abc"], Some(body)), twice);
        assert_eq!(of(&[b"Bearer abc", b"Bearer abc"], None), twice);
        assert_eq!(of(&[], Some(&[("access_token", "a"), ("access_token", "a")])), twice);
    }
}
