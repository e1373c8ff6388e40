//! What a client is told when its request is refused (RFC 6749 §4.1.2.1, §5.2; RFC 6750 §3.1; OIDC Core §3.1.2.6).

use std::fmt;

/// A refusal: the specification's code, and a sentence for the developer of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub code: Code,
    pub description: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.description)
    }
}

macro_rules! codes {
    ($($name:ident = $text:literal,)*) => {
        /// An `error` code registered by one of the specifications.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($name,)* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request",
    UnauthorizedClient = "unauthorized_client",
    AccessDenied = "access_denied",
    UnsupportedResponseType = "unsupported_response_type",
    InvalidScope = "invalid_scope",
    ServerError = "server_error",
    TemporarilyUnavailable = "temporarily_unavailable",
    LoginRequired = "login_required",
    ConsentRequired = "consent_required",
    RequestNotSupported = "request_not_supported",
    RequestUriNotSupported = "request_uri_not_supported",
    RegistrationNotSupported = "registration_not_supported",
    InvalidClient = "invalid_client",
    InvalidGrant = "invalid_grant",
    UnsupportedGrantType = "unsupported_grant_type",
    InvalidToken = "invalid_token",
    InsufficientScope = "insufficient_scope",
    InvalidRedirectUri = "invalid_redirect_uri",
    InvalidClientMetadata = "invalid_client_metadata",
}

impl Code {
    /// The error with its reason. What `error_description` may not hold is replaced: "Values for the
    /// 'error_description' parameter MUST NOT include characters outside the set %x20-21 / %x23-5B / %x5D-7E."
    /// (RFC 6749 §5.2)
    pub fn because(self, description: impl AsRef<str>) -> Error {
        let description = description
            .as_ref()
            .chars()
            .map(|character| match character {
                '"' => '\'',
                '\\' => '/',
                ' '..='~' => character,
                _ => '?',
            })
            .collect();
        Error { code: self, description }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_hold_what_rfc_6749_lets_them_hold() {
        let error = Code::InvalidScope.because("a \"b\" \\c\\ ü \u{1f980} \n\0 ~");
        assert_eq!(error.description, "a 'b' /c/ ? ? ?? ~");
        assert_eq!(error.to_string(), format!("invalid_scope: {}", error.description));
    }

    #[test]
    fn each_code_has_a_text_of_its_own() {
        for code in Code::ALL {
            assert_eq!(Code::ALL.iter().filter(|other| other.as_str() == code.as_str()).count(), 1);
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
    }
}
