//! Claims as an administrator reads about them: what each comes from, and which a person lacks.

use serde_json::{Map, Value};
use vestibule_plugin::Attributes;

use super::{ADDRESS, Mapping, Source, member_of_address};

/// What the mapping makes of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub claims: Map<String, Value>,
    pub absent: Vec<AbsentClaim>,
}

/// A claim that a person lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentClaim {
    pub claim: String,
    /// The attributes it would be made of.
    pub attributes: Vec<String>,
}

impl Mapping {
    /// The claims about a person, and those for which they have no attribute.
    pub(in crate::identity) fn tell(&self, attributes: &Attributes) -> Told {
        let claims = self.claims(attributes);
        let has = |claim: &str| match member_of_address(claim) {
            Some(member) => {
                claims.get(ADDRESS).is_some_and(|address| address.get(member).is_some())
            }
            None => claims.contains_key(claim),
        };
        let absent = self.sources.iter().filter(|(claim, _)| !has(claim));
        let absent = absent
            .map(|(claim, source)| AbsentClaim {
                claim: claim.clone(),
                attributes: self.read_by(claim, source),
            })
            .collect();
        Told { claims, absent }
    }

    /// The attributes that one claim reads.
    pub(super) fn read_by(&self, claim: &str, source: &Source) -> Vec<String> {
        match source {
            Source::First(name) => vec![name.clone()],
            Source::All(names) => names.clone(),
            Source::Template => {
                let Ok(template) = self.templates.get_template(claim) else { return Vec::new() };
                let is_global =
                    |name: &String| self.templates.globals().any(|(global, _)| global == name);
                let mut names: Vec<String> =
                    template.undeclared_variables(false).into_iter().collect();
                names.retain(|name| !is_global(name));
                names.sort();
                names
            }
            Source::Constant(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_that_is_absent_is_told_with_its_attributes() {
        let claims = json!({
            "name": "{{ givenName }} {{ sn | upper }}",
            "email": "mail",
            "groups": ["memberOf", "role"],
            "address": { "locality": "l", "country": "c" },
            "email_verified": true,
        });
        let mapping = Mapping::parse(claims.as_object().unwrap()).unwrap();
        let attributes = [("mail", "a@example.com"), ("l", "Oxford"), ("sn", "A")];
        let told = mapping.tell(&attributes.into_iter().collect());
        assert_eq!(
            Value::Object(told.claims),
            json!({ "email": "a@example.com", "address": { "locality": "Oxford" }, "email_verified": true })
        );
        let absent: Vec<_> = told
            .absent
            .iter()
            .map(|absent| (absent.claim.as_str(), absent.attributes.join(" ")))
            .collect();
        let expected =
            [("address.country", "c"), ("groups", "memberOf role"), ("name", "givenName sn")];
        assert_eq!(absent, expected.map(|(claim, attributes)| (claim, attributes.to_owned())));
    }
}
