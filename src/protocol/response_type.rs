//! `response_type` and `response_mode` (OAuth 2.0 Multiple Response Type Encoding Practices; Form Post Response Mode).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the authorization endpoint answers with: a set of words, so their order means nothing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseType {
    pub code: bool,
    pub id_token: bool,
    pub token: bool,
}

impl ResponseType {
    pub const CODE: Self = Self { code: true, id_token: false, token: false };

    /// All that we support, in the order in which we announce them.
    pub const ALL: [Self; 7] = [
        Self::CODE,
        Self { code: false, id_token: false, token: true },
        Self { code: false, id_token: true, token: false },
        Self { code: false, id_token: true, token: true },
        Self { code: true, id_token: true, token: false },
        Self { code: true, id_token: false, token: true },
        Self { code: true, id_token: true, token: true },
    ];

    /// Whether a token or ID Token comes from the front channel.
    pub const fn is_front_channel(self) -> bool {
        self.id_token || self.token
    }

    /// "The default Response Mode" of each response type: query for `code` alone, fragment otherwise.
    pub const fn default_mode(self) -> ResponseMode {
        if self.is_front_channel() { ResponseMode::Fragment } else { ResponseMode::Query }
    }
}

/// The words are not a response type that we know.
#[derive(Debug)]
pub struct UnknownResponseType;

impl fmt::Display for UnknownResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response type consists of the words code, token and id_token")
    }
}

impl std::error::Error for UnknownResponseType {}

impl FromStr for ResponseType {
    type Err = UnknownResponseType;

    fn from_str(text: &str) -> Result<Self, UnknownResponseType> {
        let mut found = Self::default();
        for word in text.split(' ') {
            let known = match word {
                "code" => &mut found.code,
                "id_token" => &mut found.id_token,
                "token" => &mut found.token,
                _ => return Err(UnknownResponseType),
            };
            if std::mem::replace(known, true) {
                return Err(UnknownResponseType);
            }
        }
        Ok(found)
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.code, "code"), (self.id_token, "id_token"), (self.token, "token")];
        let words: Vec<&str> =
            words.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
        f.write_str(&words.join(" "))
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownResponseType;

    fn try_from(text: String) -> Result<Self, UnknownResponseType> {
        text.parse()
    }
}

impl From<ResponseType> for String {
    fn from(response_type: ResponseType) -> Self {
        response_type.to_string()
    }
}

/// How the answer travels to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_its_words_means_nothing() {
        for (texts, canonical) in [
            (vec!["code"], "code"),
            (vec!["token"], "token"),
            (vec!["id_token"], "id_token"),
            (vec!["id_token token", "token id_token"], "token id_token"),
            (vec!["code id_token", "id_token code"], "code id_token"),
            (vec!["code token", "token code"], "code token"),
            (
                vec!["code id_token token", "token code id_token", "id_token token code"],
                "code id_token token",
            ),
        ] {
            let expected: ResponseType = canonical.parse().unwrap();
            assert!(ResponseType::ALL.contains(&expected));
            for text in texts {
                assert_eq!(text.parse::<ResponseType>().unwrap(), expected, "{text}");
            }
        }
    }

    #[test]
    fn other_words_are_unknown() {
        for text in [
            "",
            " ",
            "none",
            "Code",
            "code code",
            "code  token",
            " code",
            "code,token",
            "code\ttoken",
        ] {
            assert!(text.parse::<ResponseType>().is_err(), "{text:?}");
        }
        for text in ["", "Query", "web_message", "query.jwt"] {
            assert_eq!(ResponseMode::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn all_are_announced_as_they_are_registered_with_iana() {
        let announced = ResponseType::ALL.map(|kind| kind.to_string());
        assert_eq!(
            announced,
            [
                "code",
                "token",
                "id_token",
                "id_token token",
                "code id_token",
                "code token",
                "code id_token token"
            ]
        );
    }
}
