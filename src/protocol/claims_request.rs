//! The `claims` parameter (OIDC Core §5.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claims::{self, OF_TOKENS};
use super::error::{Code, Error};
use super::scope::Scope;

/// The claims asked for one by one, by where they are to be delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Demand>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Demand>,
}

/// How one claim is asked for (OIDC Core §5.5.1). `null` is the default: a voluntary claim of any value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The values that would do; any, if empty. `value` is a list of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl Demand {
    pub fn is_met_by(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

impl ClaimsRequest {
    /// Reads the parameter. Members that are not understood "MUST be ignored".
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = |what: &str| Code::InvalidRequest.because(format!("claims {what}"));
        let value: Value = serde_json::from_str(text).map_err(|_| malformed("is not JSON"))?;
        let Value::Object(members) = value else { return Err(malformed("is not a JSON object")) };
        let member = |name: &str| match members.get(name) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(Value::Object(claims)) => claims
                .iter()
                .map(|(claim, demand)| Ok((claim.clone(), read(demand)?)))
                .collect::<Result<_, Error>>(),
            Some(_) => Err(malformed(&format!("member {name} is not an object"))),
        };
        Ok(Self { userinfo: member("userinfo")?, id_token: member("id_token")? })
    }

    /// What may be asked for by a client that may have these scopes: claims that one of them stands for, and those of
    /// the login and the token.
    #[must_use]
    pub fn within(mut self, allowed: &Scope) -> Self {
        for claims in [&mut self.userinfo, &mut self.id_token] {
            claims.retain(|name, _| {
                OF_TOKENS.contains(&name.as_str()) || claims::is_of_scope(name, allowed)
            });
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The claims about the person, of both members, by name: what consent is about. Those of the login and the token are not:
    /// every ID Token says them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.userinfo.keys().chain(self.id_token.keys()).map(String::as_str);
        names.filter(|name| !OF_TOKENS.contains(name))
    }

    /// Whether the client would take this subject: `value` "requests that the Claim be returned with a particular value"
    /// (OIDC Core §5.5.1).
    pub fn admits_subject(&self, subject: &str) -> bool {
        let subject = Value::from(subject);
        [&self.id_token, &self.userinfo]
            .into_iter()
            .filter_map(|claims| claims.get("sub"))
            .all(|demand| demand.is_met_by(&subject))
    }
}

fn read(demand: &Value) -> Result<Demand, Error> {
    let malformed = || Code::InvalidRequest.because("claims asks for a claim in an unknown way");
    let members = match demand {
        Value::Null => return Ok(Demand::default()),
        Value::Object(members) => members,
        _ => return Err(malformed()),
    };
    let essential = match members.get("essential") {
        None => false,
        Some(essential) => essential.as_bool().ok_or_else(malformed)?,
    };
    let values = match (members.get("value"), members.get("values")) {
        (None, None) => Vec::new(),
        (Some(value), None) => vec![value.clone()],
        (None, Some(Value::Array(values))) if !values.is_empty() => values.clone(),
        _ => return Err(malformed()),
    };
    Ok(Demand { essential, values })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_example_of_the_specification_is_understood() {
        // OIDC Core §5.5
        let request = ClaimsRequest::parse(
            r#"{
                "userinfo": {
                    "given_name": {"essential": true},
                    "nickname": null,
                    "email": {"essential": true},
                    "email_verified": {"essential": true},
                    "picture": null,
                    "http://example.info/claims/groups": null
                },
                "id_token": {
                    "auth_time": {"essential": true},
                    "acr": {"values": ["urn:mace:incommon:iap:silver"]}
                }
            }"#,
        )
        .unwrap();
        assert!(request.userinfo["email"].essential);
        assert_eq!(request.userinfo["nickname"], Demand::default());
        assert!(!request.id_token["acr"].essential);
        assert_eq!(request.id_token["acr"].values, ["urn:mace:incommon:iap:silver"]);
        let names: Vec<&str> = request.names().collect();
        assert!(names.contains(&"http://example.info/claims/groups"));
        assert!(!names.contains(&"auth_time") && !names.contains(&"acr"));
    }

    #[test]
    fn what_is_not_understood_is_ignored() {
        for text in [
            "{}",
            r#"{"userinfo": null}"#,
            r#"{"userinfo": {}, "verified_claims": [1]}"#,
            r#"{"userinfo": {"sub": {"purpose": "x"}}}"#,
        ] {
            let request = ClaimsRequest::parse(text).unwrap();
            assert_eq!(request.names().count(), 0, "{text}");
        }
    }

    #[test]
    fn a_malformed_request_is_refused() {
        for text in [
            "",
            "x",
            "[]",
            "\"userinfo\"",
            "{\"userinfo\"}",
            r#"{"userinfo": []}"#,
            r#"{"id_token": "email"}"#,
            r#"{"userinfo": {"email": true}}"#,
            r#"{"userinfo": {"email": {"essential": "yes"}}}"#,
            r#"{"userinfo": {"email": {"essential": null}}}"#,
            r#"{"userinfo": {"email": {"values": "x"}}}"#,
            r#"{"userinfo": {"email": {"values": []}}}"#,
            r#"{"userinfo": {"email": {"value": "x", "values": ["x"]}}}"#,
            r#"{"userinfo": {}} x"#,
            "{\"userinfo\": {\"\u{0}\": null}}",
        ] {
            let error = ClaimsRequest::parse(text).unwrap_err();
            assert_eq!(error.code, Code::InvalidRequest, "{text}");
            assert!(error.description.starts_with("claims"), "{error}");
        }
    }

    // DO1
    #[test]
    fn nesting_without_end_is_refused() {
        for text in ["[".repeat(4096), "{\"userinfo\":".repeat(1000)] {
            assert!(ClaimsRequest::parse(&text).is_err());
        }
    }

    #[test]
    fn a_demand_is_met_by_one_of_its_values_or_by_any_if_it_has_none() {
        let demand = |value: Value| read(&value).unwrap();
        assert!(demand(Value::Null).is_met_by(&json!(1)));
        assert!(demand(json!({"essential": true})).is_met_by(&json!("x")));
        assert!(demand(json!({"value": "x"})).is_met_by(&json!("x")));
        assert!(!demand(json!({"value": "x"})).is_met_by(&json!("y")));
        assert!(!demand(json!({"value": "1"})).is_met_by(&json!(1)));
        assert!(demand(json!({"values": ["x", "y"]})).is_met_by(&json!("y")));
        assert!(!demand(json!({"value": null})).is_met_by(&json!("x")));
    }

    #[test]
    fn a_subject_must_suit_both_members() {
        for (text, admitted) in [
            (r#"{"id_token": {"sub": null}}"#, true),
            (r#"{"id_token": {"sub": {"value": "alice"}}}"#, true),
            (r#"{"id_token": {"sub": {"values": ["bob", "alice"]}}}"#, true),
            (r#"{"id_token": {"sub": {"value": "bob"}}}"#, false),
            (r#"{"userinfo": {"sub": {"value": "bob"}}}"#, false),
            (
                r#"{"userinfo": {"sub": {"value": "bob"}}, "id_token": {"sub": {"value": "alice"}}}"#,
                false,
            ),
            (r#"{"userinfo": {"sub": {"value": 7}}}"#, false),
        ] {
            let request = ClaimsRequest::parse(text).unwrap();
            assert_eq!(request.admits_subject("alice"), admitted, "{text}");
        }
    }
}
