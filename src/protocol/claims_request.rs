//! The `claims` parameter (OIDC Core §5.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claims::OF_TOKENS;
use super::error::{Code, Error};

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
