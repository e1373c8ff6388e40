//! An entry of the directory, and what is told of it.
//!
//! Names of attributes are compared without case, and told in the case in which they were asked for.
//! Photographs, certificates and whatever is no text are binary values; `objectGUID` and `objectSid`
//! are told as people write them.

use std::collections::BTreeMap;

use ldap3::SearchEntry;
use vestibule_plugin::{Attributes, Value};

use crate::identifiers::{guid_text, sid_text};

/// The pseudo attribute that is the name of the entry.
pub(crate) const DN: &str = "dn";

/// Never text, even where the bytes happen to be.
const BINARY: &[&str] = &[
    "audio",
    "cacertificate",
    "jpegphoto",
    "logonhours",
    "photo",
    "thumbnaillogo",
    "thumbnailphoto",
    "usercertificate",
    "userpkcs12",
    "usersmimecertificate",
];

/// Hashes and keys, which no claim may be made of.
const SECRET: &[&str] = &[
    "authpassword",
    "krbprincipalkey",
    "lmpwdhistory",
    "ntpwdhistory",
    "ms-mcs-admpwd",
    "pwdhistory",
    "sambalmpassword",
    "sambantpassword",
    "supplementalcredentials",
    "unicodepwd",
    "userpassword",
];

/// Whether an attribute holds passwords, in whatever form.
pub(crate) fn is_secret(attribute: &str) -> bool {
    let attribute = attribute.split(';').next().unwrap_or_default();
    SECRET.iter().any(|secret| attribute.eq_ignore_ascii_case(secret))
}

/// One entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    /// By names in lower case.
    values: BTreeMap<String, Values>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Values {
    bytes: Vec<Vec<u8>>,
    /// Whether one of them is no text.
    binary: bool,
}

impl From<SearchEntry> for Entry {
    fn from(found: SearchEntry) -> Self {
        let mut entry = Self { dn: found.dn, values: BTreeMap::new() };
        for (name, texts) in found.attrs {
            entry.put(&name, texts.into_iter().map(String::into_bytes), false);
        }
        for (name, values) in found.bin_attrs {
            entry.put(&name, values.into_iter(), true);
        }
        entry
    }
}

impl Entry {
    fn put(&mut self, name: &str, bytes: impl Iterator<Item = Vec<u8>>, binary: bool) {
        let values = self.values.entry(name.to_ascii_lowercase()).or_default();
        values.bytes.extend(bytes);
        values.binary |= binary;
    }

    fn values(&self, name: &str) -> Option<&Values> {
        let name = name.to_ascii_lowercase();
        // A certificate that was asked for without the option comes with it.
        self.values.get(&name).or_else(|| self.values.get(&format!("{name};binary")))
    }

    /// The values as they came.
    pub(crate) fn bytes(&self, name: &str) -> &[Vec<u8>] {
        self.values(name).map(|values| values.bytes.as_slice()).unwrap_or_default()
    }

    /// The values that are texts.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.bytes(name).iter().filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value, if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// Whether only a part of the values came: Active Directory tells at most 1500 at once, as
    /// `memberOf;range=0-1499`.
    pub(crate) fn is_cut_short(&self, name: &str) -> bool {
        let ranged = name.to_ascii_lowercase() + ";range=";
        self.values.keys().any(|name| name.starts_with(&ranged))
    }

    /// What is told of an attribute.
    pub(crate) fn told(&self, name: &str) -> Vec<Value> {
        if name.eq_ignore_ascii_case(DN) {
            return vec![Value::Text(self.dn.clone())];
        }
        let Some(values) = self.values(name) else { return Vec::new() };
        values.bytes.iter().map(|bytes| told(name, bytes, values.binary)).collect()
    }

    /// What is told of the attributes that were asked for.
    pub(crate) fn attributes<'a>(&self, wanted: impl IntoIterator<Item = &'a str>) -> Attributes {
        let told = |name: &'a str| self.told(name).into_iter().map(move |value| (name, value));
        wanted.into_iter().flat_map(told).collect()
    }
}

fn told(name: &str, bytes: &[u8], binary: bool) -> Value {
    let name = name.to_ascii_lowercase();
    let written = match name.as_str() {
        "objectguid" => guid_text(bytes),
        "objectsid" | "sidhistory" => sid_text(bytes),
        _ => None,
    };
    if let Some(text) = written {
        return Value::Text(text);
    }
    let bare = name.strip_suffix(";binary");
    if binary || bare.is_some() || BINARY.contains(&name.as_str()) {
        return Value::Binary(bytes.to_vec());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(text.to_owned()),
        Err(_) => Value::Binary(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests;
