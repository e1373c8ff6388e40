//! How a client presents an access token (RFC 6750 §2).

use super::error::{Code, Error};
use super::parameters::Parameters;

/// The token of the header or of the body. `Ok(None)`: the request holds none, so no error is reported (§3.1).
///
/// "Clients MUST NOT use more than one method to transmit the token in each request." (§2) The query is not one of ours.
pub fn read<'a>(
    authorization: &[&'a [u8]],
    body: Option<&'a Parameters>,
) -> Result<Option<&'a str>, Error> {
    let in_body = body.map(|body| body.get("access_token")).transpose()?.flatten();
    let in_header = match authorization {
        [] => None,
        [header] => Some(of_header(header).ok_or_else(|| {
            Code::InvalidRequest.because("the Authorization header holds no Bearer token")
        })?),
        _ => return Err(Code::InvalidRequest.because("more than one Authorization header")),
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => {
            Err(Code::InvalidRequest.because("access_token is given more than once"))
        }
        (header, body) => Ok(header.or(body)),
    }
}

fn of_header(header: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}
