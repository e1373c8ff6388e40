//! The types that an option can have, and how each is read from a TOML value.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::issuer::Issuer;
use super::network::Network;
use super::secret::Secret;
use super::span;

/// How the text of an environment variable is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The text itself.
    Text,
    /// The text itself; never printed, and it may be read from a file.
    Secret,
    /// A TOML literal: a number, `true` or `false`.
    Literal,
    /// Items with commas between them, or a TOML array.
    List,
    /// An inline table of TOML.
    Table,
}

impl Kind {
    /// The TOML value that the text of an environment variable stands for.
    pub(super) fn understand(self, text: &str) -> Result<toml::Value, String> {
        let literal = || text.trim().parse().map_err(|_| "is not valid TOML".to_owned());
        match self {
            Self::Text | Self::Secret => Ok(toml::Value::String(text.to_owned())),
            Self::List if !text.trim_start().starts_with('[') => Ok(toml::Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| toml::Value::String(item.to_owned()))
                    .collect(),
            )),
            Self::Literal | Self::List | Self::Table => literal(),
        }
    }
}

/// A type of option.
pub(super) trait Value: Sized {
    const KIND: Kind;
    /// The word that stands for "none" where the option may be none.
    const NONE: Option<&str> = None;

    /// The value; otherwise what it must be, as the end of a sentence.
    fn read(value: &toml::Value) -> Result<Self, String>;

    /// The value of an option that is not given and has no default.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;

    fn read(value: &toml::Value) -> Result<Self, String> {
        if T::NONE.is_some() && value.as_str() == T::NONE {
            return Ok(None);
        }
        T::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Value> Value for Vec<T> {
    const KIND: Kind = Kind::List;

    fn read(value: &toml::Value) -> Result<Self, String> {
        value.as_array().ok_or("must be a list")?.iter().map(T::read).collect()
    }
}

impl Value for BTreeMap<String, String> {
    const KIND: Kind = Kind::Table;

    fn read(value: &toml::Value) -> Result<Self, String> {
        let table = value.as_table().ok_or("must be a table")?;
        table.iter().map(|(name, value)| Ok((name.clone(), text(value)?.to_owned()))).collect()
    }
}

fn text(value: &toml::Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "must be text in quotation marks".to_owned())
}

impl Value for String {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        text(value).map(str::to_owned)
    }
}

impl Value for Secret {
    const KIND: Kind = Kind::Secret;

    fn read(value: &toml::Value) -> Result<Self, String> {
        match text(value)? {
            "" => Err("must not be empty".to_owned()),
            secret => Ok(Self::new(secret.to_owned())),
        }
    }
}

impl Value for PathBuf {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        match text(value)? {
            "" => Err("must not be empty".to_owned()),
            path => Ok(Self::from(path)),
        }
    }
}

impl Value for Issuer {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        Self::parse(text(value)?).map_err(str::to_owned)
    }
}

impl Value for SocketAddr {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        text(value)?.parse().map_err(|_| {
            "must be an address and a port such as \"127.0.0.1:8080\" or \"[::]:8443\"".to_owned()
        })
    }
}

impl Value for Network {
    const KIND: Kind = Kind::Text;

    fn read(value: &toml::Value) -> Result<Self, String> {
        text(value)?
            .parse()
            .map_err(|_| "must be an address or a network such as \"10.0.0.0/8\"".to_owned())
    }
}

impl Value for Duration {
    const KIND: Kind = Kind::Text;
    const NONE: Option<&str> = Some("never");

    fn read(value: &toml::Value) -> Result<Self, String> {
        span::parse(text(value)?).ok_or_else(|| {
            "must be a whole number and a unit (ms, s, m, h, d) such as \"60s\" or \"30d\""
                .to_owned()
        })
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Literal;

    fn read(value: &toml::Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "must be true or false".to_owned())
    }
}

macro_rules! whole_number {
    ($($number:ty),+) => { $(
        impl Value for $number {
            const KIND: Kind = Kind::Literal;

            fn read(value: &toml::Value) -> Result<Self, String> {
                value
                    .as_integer()
                    .and_then(|number| Self::try_from(number).ok())
                    .ok_or_else(|| "must be a whole number without quotation marks".to_owned())
            }
        }
    )+ };
}

whole_number!(u32, usize);
