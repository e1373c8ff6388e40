//! Keycloak keeps a hash in two JSON texts of its table `credential`: `secret_data` has the value and
//! the salt, `credential_data` the algorithm and its cost. The query brings them as one, an array of
//! both or one object with the members of both:
//!
//! ```sql
//! SELECT '[' || c.secret_data || ',' || c.credential_data || ']' AS password_hash, …
//! ```

use argon2::Algorithm;
use serde_json::{Map, Value};

use super::pbkdf2::{Hash, Prf};
use super::{Cost, Function, LONGEST, Recognised, Stored, Unusable, argon2 as ours, base64};

const SCHEME: &str = "Keycloak's JSON";

pub(super) fn recognise(text: &str) -> Recognised {
    const LONGEST_TEXT: usize = 8192;

    if !(text.starts_with("{\"") || text.starts_with('[')) || text.len() > LONGEST_TEXT {
        return None;
    }
    let members = match serde_json::from_str(text).ok()? {
        Value::Object(object) => object,
        Value::Array(several) => merge(several)?,
        _ => return None,
    };
    Some(parse(&members).unwrap_or(Err(Unusable::Broken(SCHEME))))
}

/// The members of all objects. Only an argon2's credential has something in `additionalParameters`,
/// and a secret's comes first and is empty: the last one stands.
fn merge(several: Vec<Value>) -> Option<Map<String, Value>> {
    let mut members = Map::new();
    for one in several {
        let Value::Object(one) = one else { return None };
        for (name, value) in one {
            let empty = value.as_object().is_some_and(Map::is_empty);
            if !(empty && members.contains_key(&name)) {
                members.insert(name, value);
            }
        }
    }
    Some(members)
}

fn parse(members: &Map<String, Value>) -> Option<Result<Stored, Unusable>> {
    let text = |name: &str| members.get(name)?.as_str();
    let salt = base64::decode(text("salt")?)?;
    let output = base64::decode(text("value")?)?;
    let rounds = u32::try_from(members.get("hashIterations")?.as_u64()?).ok()?;
    let (prf, scheme) = match text("algorithm")? {
        "pbkdf2" => (Prf::Sha1, "PBKDF2-SHA1 (Keycloak)"),
        "pbkdf2-sha256" => (Prf::Sha256, "PBKDF2-SHA256 (Keycloak)"),
        "pbkdf2-sha512" => (Prf::Sha512, "PBKDF2-SHA512 (Keycloak)"),
        "argon2" => return argon2(members, rounds, salt, output),
        _ => return None,
    };
    Some(Hash::stored(scheme, prf, rounds, salt, output))
}

/// `hashIterations` are its passes; the rest are lists of one text each.
fn argon2(
    members: &Map<String, Value>,
    passes: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
) -> Option<Result<Stored, Unusable>> {
    let more = members.get("additionalParameters")?.as_object()?;
    let first = |name: &str| more.get(name)?.as_array()?.first()?.as_str();
    let algorithm = match first("type")? {
        "id" => Algorithm::Argon2id,
        "i" => Algorithm::Argon2i,
        "d" => Algorithm::Argon2d,
        _ => return None,
    };
    let version = match first("version")? {
        "1.0" => 0x10,
        _ => 0x13,
    };
    let cost = Cost {
        memory: first("memory")?.parse().ok()?,
        passes,
        lanes: first("parallelism")?.parse().ok()?,
    };
    if salt.len() > LONGEST || output.len() > LONGEST {
        return None;
    }
    let hash = ours::Hash::new(algorithm, version, cost, salt, output);
    Some(hash.map(|hash| Stored { scheme: "argon2 (Keycloak)", function: Function::Argon2(hash) }))
}
