//! The parameters of a request, from wherever they came (RFC 6749 §3.1, §3.2; appendix B).

use std::fmt;

use url::form_urlencoded;

use super::error::{Code, Error};

/// Names and values in the order of the request, repeated ones included.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`. Total: every sequence of bytes has a reading.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The one value of a parameter: "Parameters sent without a value MUST be treated as if they were omitted
    /// from the request. [...] Request and response parameters MUST NOT be included more than once."
    /// (RFC 6749 §3.1)
    pub fn get(&self, name: &str) -> Result<Option<&str>, Error> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Code::InvalidRequest.because(format!("{name} is given more than once")));
        }
        // No ABNF of RFC 6749 (appendix A) lets one in, and PostgreSQL cannot even compare with it.
        if first.is_some_and(|value| value.contains('\0')) {
            return Err(Code::InvalidRequest.because(format!("{name} holds a NUL")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The value of a parameter that cannot be done without.
    pub fn require(&self, name: &str) -> Result<&str, Error> {
        self.get(name)?.ok_or_else(|| Code::InvalidRequest.because(format!("{name} is missing")))
    }

    /// Every value of a parameter that may be repeated.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same parameters in the form that [`Self::parse`] reads.
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.iter()).finish()
    }

    /// Refuses more than `limit` bytes, and names the parameter that takes most of them.
    pub fn within(&self, limit: usize) -> Result<(), Error> {
        let length = |(name, value): (&str, &str)| name.len() + value.len();
        if self.iter().map(length).sum::<usize>() <= limit {
            return Ok(());
        }
        let longest = self.iter().max_by_key(|pair| length(*pair)).map_or("", |(name, _)| name);
        let name: String = longest.chars().take(40).collect();
        Err(Code::InvalidRequest
            .because(format!("the parameters exceed {limit} bytes; the longest is {name}")))
    }
}

/// The names alone: values may be passwords, secrets and codes.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl FromIterator<(String, String)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::samples::parameters;

    // RU7
    #[test]
    fn a_repeated_parameter_is_refused_even_with_the_same_value() {
        for query in ["a=1&a=2", "a=1&a=1", "a=&a=1", "a=1&a", "a=1&b=2&%61=1"] {
            let error = Parameters::parse(query.as_bytes()).get("a").unwrap_err();
            assert_eq!(error.code, Code::InvalidRequest, "{query}");
            assert!(error.description.contains("a is given more than once"), "{query}");
        }
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_omitted() {
        for query in ["", "a", "a=", "b=1", "A=1"] {
            assert_eq!(Parameters::parse(query.as_bytes()).get("a"), Ok(None), "{query}");
        }
        let error = Parameters::parse(b"a=").require("a").unwrap_err();
        assert_eq!(error.description, "a is missing");
    }

    #[test]
    fn values_are_read_as_a_form_is_written() {
        for (query, value) in [
            ("a=1+2", "1 2"),
            ("a=1%2B2", "1+2"),
            ("a=b=c", "b=c"),
            ("&&a=1&&", "1"),
            ("a=%C3%BC", "ü"),
            ("a=%", "%"),
            ("a=%zz", "%zz"),
            ("a=%FF", "\u{fffd}"),
        ] {
            assert_eq!(Parameters::parse(query.as_bytes()).get("a"), Ok(Some(value)), "{query}");
        }
    }

    // DO2
    #[test]
    fn a_nul_is_refused_wherever_it_stands() {
        for query in ["a=%00", "a=x%00", "a=%00x"] {
            assert!(Parameters::parse(query.as_bytes()).get("a").is_err(), "{query}");
        }
    }

    #[test]
    fn no_value_is_printed() {
        let parameters = Parameters::parse(b"username=alice&password=hunter2");
        assert_eq!(format!("{parameters:?}"), r#"{"username", "password"}"#);
    }

    // DO1
    #[test]
    fn too_many_bytes_are_refused_by_the_name_of_the_longest() {
        let long = "x".repeat(90);
        let parameters = parameters(&[("a", "1"), ("state", &long), ("b", "2")]);
        assert_eq!(parameters.within(99), Ok(()));
        let error = parameters.within(98).unwrap_err();
        assert!(error.description.ends_with("the longest is state"), "{error}");
    }
}
