//! The form `$scheme$v=19$m=65536,t=3$salt$hash` (PHC string format), read leniently: passlib writes the
//! rounds without a name, and its own base64.

use super::{LONGEST, SHORTEST, Unusable, base64};

/// The parts of such a text.
pub(super) struct Phc<'a> {
    parameters: Vec<(&'a str, &'a str)>,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl<'a> Phc<'a> {
    /// `rest` is what follows `$scheme$`.
    pub(super) fn parse(scheme: &'static str, rest: &'a str) -> Result<Self, Unusable> {
        let broken = || Unusable::Broken(scheme);
        let mut fields: Vec<&str> = rest.split('$').collect();
        let (Some(output), Some(salt)) = (fields.pop(), fields.pop()) else { return Err(broken()) };
        let parameters = fields
            .iter()
            .flat_map(|field| field.split(','))
            .map(|parameter| parameter.split_once('=').unwrap_or(("", parameter)))
            .collect();
        let salt = base64::decode(salt).ok_or_else(broken)?;
        let output = base64::decode(output).ok_or_else(broken)?;
        if salt.len() > LONGEST || !(SHORTEST..=LONGEST).contains(&output.len()) {
            return Err(broken());
        }
        Ok(Self { parameters, salt, output })
    }

    /// A number; `default` if it is not there. Without a name (`""`), one that stands alone.
    pub(super) fn number(&self, name: &str, default: Option<u32>) -> Option<u32> {
        match self.parameters.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => value.parse().ok(),
            None => default,
        }
    }
}
