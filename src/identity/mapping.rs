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
        let globals: BTreeSet<String> =
            self.templates.globals().map(|(name, _)| name.to_owned()).collect();
        let mut names = BTreeSet::new();
        for (claim, source) in &self.sources {
            match source {
                Source::First(name) => {
                    names.insert(name.clone());
                }
                Source::All(all) => names.extend(all.iter().cloned()),
                Source::Template => {
                    if let Ok(template) = self.templates.get_template(claim) {
                        names.extend(template.undeclared_variables(false));
                    }
                }
                Source::Constant(_) => {}
            }
        }
        names.into_iter().filter(|name| !globals.contains(name)).collect()
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
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mapping(claims: &Value) -> Mapping {
        Mapping::parse(claims.as_object().unwrap()).unwrap()
    }

    fn refused(claims: &Value) -> String {
        Mapping::parse(claims.as_object().unwrap()).err().unwrap().to_string()
    }

    fn alice() -> Attributes {
        let texts = [
            ("givenName", "Alice"),
            ("sn", "Liddell"),
            ("mail", "alice@example.com"),
            ("mail", "second@example.com"),
            ("memberOf", "staff"),
            ("memberOf", "ops"),
            ("role", "admin"),
            ("verified", "TRUE"),
            ("changed", "1700000000"),
            ("street", "1 Looking Glass\nWonderland"),
            ("l", "Oxford"),
            ("empty", ""),
        ];
        let mut attributes: Attributes = texts.into_iter().collect();
        attributes.add("photo", vec![0xff, 0xd8, 0xff]);
        attributes
    }

    #[test]
    fn claims_come_from_templates_attributes_lists_and_constants() {
        let mapping = mapping(&json!({
            "name": "{{ givenName }} {{ sn }}",
            "email": "mail",
            "groups": ["memberOf", "role"],
            "email_verified": true,
            "https://example.com/level": 3,
            "initial": "{{ givenName | first }}",
        }));
        assert_eq!(
            Value::Object(mapping.claims(&alice())),
            json!({
                "name": "Alice Liddell",
                "email": "alice@example.com",
                "groups": ["staff", "ops", "admin"],
                "email_verified": true,
                "https://example.com/level": 3,
                "initial": "A",
            })
        );
    }

    #[test]
    fn the_name_of_a_standard_claim_decides_its_type() {
        let mapping = mapping(&json!({
            "email_verified": "verified",
            "phone_number_verified": "{{ 'no' }}",
            "updated_at": "changed",
            "address": { "street_address": "street" },
            "address.locality": "l",
            "custom": "changed",
            "nickname": "changed",
        }));
        assert_eq!(
            Value::Object(mapping.claims(&alice())),
            json!({
                "email_verified": true,
                "phone_number_verified": false,
                "updated_at": 1_700_000_000,
                "address": { "street_address": "1 Looking Glass\nWonderland", "locality": "Oxford" },
                "custom": "1700000000",
                "nickname": "1700000000",
            })
        );
    }

    #[test]
    fn what_is_absent_empty_or_of_another_type_is_left_out() {
        let mapping = mapping(&json!({
            "name": "{{ givenName }} {{ middleName }}",
            "email": "otherMail",
            "nickname": "empty",
            "profile": "{{ empty }}",
            "groups": ["noGroups", "empty"],
            "email_verified": "sn",
            "updated_at": "sn",
            "address.country": "c",
        }));
        assert_eq!(Value::Object(mapping.claims(&alice())), json!({}));
    }

    #[test]
    fn a_template_can_have_a_fallback() {
        let mapping = mapping(&json!({
            "name": "{{ displayName | default(givenName) }}",
            "nickname": "{% if nick is defined %}{{ nick }}{% endif %}",
        }));
        assert_eq!(Value::Object(mapping.claims(&alice())), json!({ "name": "Alice" }));
        assert_eq!(mapping.attributes(), ["displayName", "givenName", "nick"]);
    }

    #[test]
    fn bytes_are_told_in_base64_and_never_in_templates() {
        let mapping =
            mapping(&json!({ "photo": "photo", "photos": ["photo"], "x": "{{ photo }}" }));
        assert_eq!(
            Value::Object(mapping.claims(&alice())),
            json!({ "photo": "/9j/", "photos": ["/9j/"] })
        );
    }

    #[test]
    fn the_attributes_to_fetch_are_those_the_mapping_reads() {
        let mapping = mapping(&json!({
            "name": "{% set full = givenName ~ ' ' ~ sn %}{{ full }}",
            "email": "mail",
            "groups": ["memberOf", "role"],
            "email_verified": true,
            "n": "{% for i in range(2) %}{{ i }}{% endfor %}",
        }));
        assert_eq!(mapping.attributes(), ["givenName", "mail", "memberOf", "role", "sn"]);
    }

    #[test]
    fn without_a_mapping_attributes_are_claims_of_the_same_name() {
        let mapping = mapping(&json!({}));
        let mut attributes: Attributes = [
            ("username", "alice"),
            ("email", "a@example.com"),
            ("email_verified", "true"),
            ("address.locality", "Oxford"),
            ("groups", "staff"),
            ("shoe_size", "38"),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            Value::Object(mapping.claims(&attributes)),
            json!({
                "preferred_username": "alice",
                "email": "a@example.com",
                "email_verified": true,
                "address": { "locality": "Oxford" },
                "groups": ["staff"],
            })
        );
        attributes.add("preferred_username", "Alice!");
        assert_eq!(mapping.claims(&attributes)["preferred_username"], "Alice!");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_claim_s_name() {
        for (claims, sentence) in [
            (json!({ "sub": "uid" }), "the claim `sub` is the provider's own; choose another name"),
            (json!({ "amr": ["x"] }), "the claim `amr` is the provider's own; choose another name"),
            (json!({ "email": ["mail"] }), "the claim `email` has one value, not a list"),
            (
                json!({ "email_verified": 1 }),
                "the claim `email_verified` needs the name of an attribute, a template, true or false",
            ),
            (
                json!({ "name": true }),
                "the claim `name` needs the name of an attribute or a template",
            ),
            (
                json!({ "name": "" }),
                "the claim `name` needs the name of an attribute or a template",
            ),
            (
                json!({ "address": "l" }),
                "the claim `address` has members: write `address.formatted`",
            ),
            (
                json!({ "address": { "city": "l" } }),
                "the claim `address.city` is none of formatted, street_address, locality, region, \
                 postal_code, country",
            ),
            (json!({ "groups": [1] }), "the claim `groups` lists names of attributes"),
        ] {
            assert_eq!(refused(&claims), sentence);
        }
        assert!(refused(&json!({ "name": "{{ givenName" })).contains("`name` has a template"));
        assert!(refused(&json!({ "x": { "a": "b" } })).contains("`x` needs"));
        assert!(refused(&json!({ "x": [] })).contains("`x` needs"));
    }

    // XS1: what looks like markup or a template reaches the client as it is, as a JSON string.
    #[test]
    fn values_pass_verbatim() {
        let mapping = mapping(&json!({ "name": "cn", "nickname": "{{ cn }}", "groups": ["cn"] }));
        for hostile in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "{{ 7 * 7 }}{% raw %}",
            "</script>\u{2028}\u{202e}",
            "a\",\"sub\":\"admin",
            "line\r\nbreak",
        ] {
            let claims = mapping.claims(&[("cn", hostile)].into_iter().collect());
            assert_eq!(claims["name"], hostile);
            assert_eq!(claims["nickname"], hostile);
            assert_eq!(claims["groups"], json!([hostile]));
            let text = serde_json::to_string(&claims).unwrap();
            assert_eq!(serde_json::from_str::<Map<_, _>>(&text).unwrap(), claims);
        }
    }

    proptest! {
        // DO2
        #[test]
        fn no_attributes_make_a_mapping_panic(
            texts in proptest::collection::vec(("[a-d]", any::<String>()), 0..8),
            bytes in any::<Vec<u8>>(),
        ) {
            let mapping = mapping(&json!({
                "name": "{{ a }} {{ b | upper }} {{ c[0] }} {{ d | int }} {{ d / 0 }}",
                "nickname": "{{ a | default(b) | replace(c, d) }}",
                "email": "a",
                "email_verified": "b",
                "updated_at": "c",
                "address.locality": "d",
                "all": ["a", "b", "c", "d"],
            }));
            let mut attributes: Attributes = texts.iter().cloned().collect();
            attributes.add("a", bytes);
            let claims = mapping.claims(&attributes);
            for (name, value) in &claims {
                prop_assert!(!value.is_null() && value != "", "{name} is empty");
            }
            prop_assert!(claims.get("email_verified").is_none_or(Value::is_boolean));
            prop_assert!(claims.get("updated_at").is_none_or(Value::is_i64));
            if let Some(plugin::Value::Text(first)) = attributes.first("a") && !first.is_empty() {
                prop_assert_eq!(&claims["email"], first);
            }
        }

        // DO2
        #[test]
        fn no_mapping_as_written_makes_the_reader_panic(
            claim in "[a-z._]{1,12}",
            written in prop_oneof![any::<String>().prop_map(Value::from), "[{}% a-z|()]{0,20}".prop_map(Value::from)],
        ) {
            if let Ok(mapping) = Mapping::parse(json!({ claim: written }).as_object().unwrap()) {
                let _ = (mapping.claims(&alice()), mapping.attributes());
            }
        }
    }
}
