//! What a source says of a person, under its own names.

use std::collections::BTreeMap;

/// One value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// Anything that is not text: a photograph, an `objectGUID`.
    Binary(Vec<u8>),
}

impl Value {
    /// The value if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

/// The attributes of a person, each with one or more values in the order of the source. Groups are
/// an attribute like any other.
///
/// Names are those that the backend was asked for when it was opened, letter for letter: a source
/// that answers `givenname` to the question for `givenName` is corrected by its plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(BTreeMap<String, Vec<Value>>);

impl Attributes {
    /// None at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one value behind those that the attribute already has.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.entry(name.into()).or_default().push(value.into());
    }

    /// The first value of an attribute, if it has one.
    pub fn first(&self, name: &str) -> Option<&Value> {
        self.all(name).first()
    }

    /// All values of an attribute; none if it is absent.
    pub fn all(&self, name: &str) -> &[Value] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every attribute with its values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Value])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut attributes = Self::new();
        for (name, value) in pairs {
            attributes.add(name, value);
        }
        attributes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_the_order_of_the_source() {
        let attributes: Attributes =
            [("mail", "b@example.com"), ("cn", "B"), ("mail", "a@example.com")]
                .into_iter()
                .collect();
        assert_eq!(attributes.first("mail"), Some(&Value::from("b@example.com")));
        assert_eq!(attributes.all("mail").len(), 2);
        assert_eq!(attributes.all("telephoneNumber"), []);
    }
}
