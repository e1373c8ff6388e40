//! What comes back, and which results are no answer to what was asked but say that this host has
//! none.

use ldap3::controls::RawControl;
use ldap3::{LdapError, LdapResult};

use super::failure::Failure;

/// An LDAP result, whatever its code.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u32,
    /// The diagnostic message: for the log and for decoding, not for people.
    pub(crate) text: String,
    pub(crate) controls: Vec<RawControl>,
}

pub(super) fn answered(result: Result<LdapResult, LdapError>) -> Result<Answer, Failure> {
    let result = result.map_err(|error| failed(&error))?;
    match result.rc {
        1 | 10 | 51 | 52 | 80 => Err(refused(result.rc, &result)),
        code => {
            let controls = result.ctrls.into_iter().map(|control| control.1).collect();
            Ok(Answer { code, text: result.text, controls })
        }
    }
}

/// What a result says of the host, and not of what was asked.
pub(super) fn refused(code: u32, result: &LdapResult) -> Failure {
    let cause = format!("the directory answered {code}: {}", result.text.trim_end_matches('\0'));
    match code {
        // unavailable: it will be so for the next one, too.
        52 => Failure::Down(cause),
        // operationsError, timeLimitExceeded, busy, other: another host may do better.
        1 | 3 | 51 | 80 => Failure::Elsewhere(cause),
        10 => Failure::Final(format!(
            "the directory refers to another one, which is not followed; name that one in `url`: {}",
            result.refs.join(" ")
        )),
        _ => Failure::Final(cause),
    }
}

pub(super) fn failed(error: &LdapError) -> Failure {
    match error {
        LdapError::FilterParsing => Failure::Final("the filter is none of RFC 4515".to_owned()),
        _ => Failure::Broken(String::new()),
    }
}
