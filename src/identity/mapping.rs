//! From the attributes of a source to claims: the only place of `identity` that speaks OIDC.
//!
//! ```toml
//! name = "{{ givenName }} {{ sn }}"    # a template over first values
//! email = "mail"                       # the first value of an attribute
//! groups = ["memberOf"]                # all values, always an array
//! email_verified = true                # a constant; only where people cannot set their own mail
//! address.locality = "l"               # a member of the address object
//! ```
//!
//! The JSON type of a standard claim follows from its name (OIDC Core §5.1, §5.1.1). "If a Claim is
//! not returned, that Claim Name SHOULD be omitted ...; it SHOULD NOT be present with a null or empty
//! string value" (§5.3.2): what is absent at the source, empty, or not of the claim's type is left out.
//!
//! Values pass verbatim. They become JSON, never HTML: whoever shows one escapes it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Map, Value};
use vestibule_plugin::{self as plugin, Attributes};

mod told;

pub use told::{AbsentClaim, Told};

/// The claims of one backend's people and where each comes from.
pub(super) struct Mapping {
    /// By claim; members of the address as `address.locality`.
    sources: BTreeMap<String, Source>,
    /// Holds the template of a claim under the claim's name.
    templates: Environment<'static>,
}

enum Source {
    First(String),
    All(Vec<String>),
    Template,
    Constant(Value),
}

/// A claim that cannot be mapped as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claim `{claim}` {problem}")]
pub(super) struct BadClaim {
    claim: String,
    problem: String,
}

/// What a claim's name says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Boolean,
    Number,
    /// Not a standard claim: what the mapping makes of it.
    Any,
}

const ADDRESS: &str = "address";

/// The members of the address (OIDC Core §5.1.1).
const ADDRESS_MEMBERS: [&str; 6] =
    ["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// Claims of text (OIDC Core §5.1).
const TEXTS: [&str; 15] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
];

/// Claims that say something about a token or a login: no attribute may replace them.
const OURS: [&str; 24] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "scope",
    "client_id",
    "cnf",
    "act",
    "may_act",
    "events",
    "_claim_names",
    "_claim_sources",
];

impl Kind {
    fn of(claim: &str) -> Self {
        match claim {
            "email_verified" | "phone_number_verified" => Self::Boolean,
            "updated_at" => Self::Number,
            _ if TEXTS.contains(&claim) || member_of_address(claim).is_some() => Self::Text,
            _ => Self::Any,
        }
    }

    /// A text of the source as this kind of value, if it is one.
    fn value(self, text: &str) -> Option<Value> {
        if text.is_empty() {
            return None;
        }
        match self {
            Self::Text | Self::Any => Some(Value::from(text)),
            // Directories write TRUE, tables write 1.
            Self::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Some(Value::from(true)),
                "false" | "0" | "no" => Some(Value::from(false)),
                _ => None,
            },
            Self::Number => text.parse::<i64>().ok().map(Value::from),
        }
    }

    fn accepts_constant(self, value: &Value) -> bool {
        match self {
            Self::Text => false,
            Self::Boolean => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Any => value.is_boolean() || value.is_number(),
        }
    }
}

impl Mapping {
    /// Reads the claims of a backend. Without any, a backend's people have the standard claims that
    /// have attributes of the same names, and `groups`.
    pub(super) fn parse(claims: &Map<String, Value>) -> Result<Self, BadClaim> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::None);
        let mut mapping = Self { sources: BTreeMap::new(), templates };
        if claims.is_empty() {
            for (claim, written) in by_name() {
                mapping.add(&claim, &written)?;
            }
        }
        for (claim, written) in claims {
            match written {
                Value::Object(members) if claim == ADDRESS => {
                    for (member, written) in members {
                        mapping.add(&format!("{ADDRESS}.{member}"), written)?;
                    }
                }
                written => mapping.add(claim, written)?,
            }
        }
        Ok(mapping)
    }

    fn add(&mut self, claim: &str, written: &Value) -> Result<(), BadClaim> {
        let bad = |problem: String| BadClaim { claim: claim.to_owned(), problem };
        if OURS.contains(&claim) {
            return Err(bad("is the provider's own; choose another name".to_owned()));
        }
        if claim == ADDRESS {
            return Err(bad("has members: write `address.formatted`".to_owned()));
        }
        if let Some(member) = claim.strip_prefix("address.")
            && !ADDRESS_MEMBERS.contains(&member)
        {
            return Err(bad(format!("is none of {}", ADDRESS_MEMBERS.join(", "))));
        }
        let kind = Kind::of(claim);
        let source = match written {
            Value::String(text) if text.contains("{{") || text.contains("{%") => {
                self.templates
                    .add_template_owned(claim.to_owned(), text.clone())
                    .map_err(|error| bad(format!("has a template that cannot be read: {error}")))?;
                Source::Template
            }
            Value::String(attribute) if !attribute.is_empty() => Source::First(attribute.clone()),
            Value::Array(names) if kind == Kind::Any && !names.is_empty() => {
                let names: Option<Vec<_>> =
                    names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
                Source::All(names.ok_or_else(|| bad("lists names of attributes".to_owned()))?)
            }
            Value::Array(_) if kind != Kind::Any => {
                return Err(bad("has one value, not a list".to_owned()));
            }
            constant if kind.accepts_constant(constant) => Source::Constant(constant.clone()),
            _ => {
                return Err(bad(match kind {
                    Kind::Text => "needs the name of an attribute or a template",
                    Kind::Boolean => "needs the name of an attribute, a template, true or false",
                    Kind::Number => "needs the name of an attribute, a template or a number",
                    Kind::Any => {
                        "needs the name of an attribute, a list of such names, a template, \
                         true, false or a number"
                    }
                }
                .to_owned()));
            }
        };
        self.sources.insert(claim.to_owned(), source);
        Ok(())
    }

    /// The attributes that the mapping reads: what the backend is asked for.
    pub(super) fn attributes(&self) -> Vec<String> {
        let all = self.sources.iter().flat_map(|(claim, source)| self.read_by(claim, source));
        all.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The claims about a person.
    pub(super) fn claims(&self, attributes: &Attributes) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut address = Map::new();
        for (claim, source) in &self.sources {
            let Some(value) = self.value(claim, source, attributes) else { continue };
            match member_of_address(claim) {
                Some(member) => address.insert(member.to_owned(), value),
                None => claims.insert(claim.clone(), value),
            };
        }
        if !address.is_empty() {
            claims.insert(ADDRESS.to_owned(), Value::Object(address));
        }
        claims
    }

    fn value(&self, claim: &str, source: &Source, attributes: &Attributes) -> Option<Value> {
        let kind = Kind::of(claim);
        match source {
            Source::Constant(value) => Some(value.clone()),
            Source::First(name) => kind.value(&text(attributes.first(name)?)),
            Source::All(names) => {
                let all = names.iter().flat_map(|name| attributes.all(name));
                let values: Vec<Value> = all.filter_map(|value| kind.value(&text(value))).collect();
                if values.is_empty() { None } else { Some(Value::Array(values)) }
            }
            // A template fails where it names an attribute that the person does not have.
            Source::Template => {
                let template = self.templates.get_template(claim).ok()?;
                kind.value(template.render(first_texts(attributes)).ok()?.trim())
            }
        }
    }
}

/// Text as it is, anything else in base64.
fn text(value: &plugin::Value) -> String {
    match value {
        plugin::Value::Text(text) => text.clone(),
        plugin::Value::Binary(bytes) => STANDARD.encode(bytes),
    }
}

fn first_texts(attributes: &Attributes) -> minijinja::Value {
    let firsts = attributes.iter().filter_map(|(name, values)| {
        let text = values.first()?.as_text()?;
        Some((name.to_owned(), minijinja::Value::from(text)))
    });
    minijinja::Value::from_pairs(firsts)
}

fn member_of_address(claim: &str) -> Option<&str> {
    claim.strip_prefix("address.").filter(|member| ADDRESS_MEMBERS.contains(member))
}

/// Every standard claim from the attribute of its name.
fn by_name() -> impl Iterator<Item = (String, Value)> {
    let same = |claim: String| (claim.clone(), Value::from(claim));
    let texts = TEXTS.into_iter().filter(|claim| *claim != "preferred_username");
    let others = ["email_verified", "phone_number_verified", "updated_at"];
    let plain = texts.chain(others).map(str::to_owned).map(same);
    let address = ADDRESS_MEMBERS.into_iter().map(|member| format!("{ADDRESS}.{member}")).map(same);
    let username = Value::from("{{ preferred_username | default(username) }}");
    plain.chain(address).chain([
        ("preferred_username".to_owned(), username),
        ("groups".to_owned(), Value::from(vec!["groups"])),
    ])
}

#[cfg(test)]
mod tests;
