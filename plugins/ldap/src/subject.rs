//! The attribute that says who somebody is, for ever: the subject of an identity.
//!
//! *Why* some attributes are refused: a name is changed when people marry or move, and is given to
//! somebody else when they leave. Whoever gets the name would get the accounts of its last owner in
//! every application.

use vestibule_plugin::{Subject, Unavailable};

use crate::entry::Entry;
use crate::escape::{filter_bytes, filter_value};
use crate::identifiers::{guid_bytes, guid_text, sid_text};
use crate::settings::BadOption;

/// Names of people and entries, and ways to reach them: all of them change, and are given again.
const NAMES: &[&str] = &[
    "cn",
    "commonname",
    "displayname",
    "distinguishedname",
    "dn",
    "email",
    "emailaddress",
    "entrydn",
    "givenname",
    "krbprincipalname",
    "mail",
    "mailnickname",
    "name",
    "proxyaddresses",
    "rfc822mailbox",
    "samaccountname",
    "sn",
    "surname",
    "uid",
    "userid",
    "userprincipalname",
];

/// Whether an attribute will do, as far as its name tells.
pub(crate) fn check(attribute: &str) -> Result<(), BadOption> {
    let lower = attribute.to_ascii_lowercase();
    if NAMES.contains(&lower.as_str()) {
        return Err(BadOption::new(
            "subject",
            format!(
                "must not be `{attribute}`: names change, and are given to somebody else, who would \
                 inherit the accounts; leave it out, or name a permanent number such as \
                 `entryUUID`, `objectGUID` or `employeeNumber`"
            ),
        ));
    }
    let descriptor = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    if !lower.starts_with(|letter: char| letter.is_ascii_alphabetic())
        || !lower.chars().all(descriptor)
    {
        return Err(BadOption::new("subject", "must be the name of one attribute: \"entryUUID\""));
    }
    Ok(())
}

/// Who an entry is.
pub(crate) fn of(entry: &Entry, attribute: &str) -> Result<Subject, Unavailable> {
    let fault = |problem: &str| {
        Unavailable::because(format!(
            "the subject attribute `{attribute}` of {} {problem}",
            entry.dn
        ))
    };
    let value = match entry.bytes(attribute) {
        [value] => value,
        [] => return Err(fault("is missing, or whoever searches may not read it")),
        _ => return Err(fault("has more than one value")),
    };
    let text = match attribute.to_ascii_lowercase().as_str() {
        "objectguid" => guid_text(value),
        "objectsid" => sid_text(value),
        _ => String::from_utf8(value.clone()).ok(),
    };
    let text = text.ok_or_else(|| fault("is no text"))?;
    Subject::parse(text).map_err(|error| fault(&format!("will not do: {error}")))
}

/// The filter that finds whoever it is; none if nobody can be.
pub(crate) fn filter(attribute: &str, subject: &Subject) -> Option<String> {
    let value = if attribute.eq_ignore_ascii_case("objectGUID") {
        filter_bytes(&guid_bytes(subject.as_str())?)
    } else {
        filter_value(subject.as_str())
    };
    Some(format!("({attribute}={value})"))
}

#[cfg(test)]
mod tests {
    use ldap3::SearchEntry;

    use super::*;

    fn entry(name: &str, values: &[&str]) -> Entry {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let attrs = [(name.to_owned(), values)].into();
        SearchEntry { dn: "uid=a".to_owned(), attrs, bin_attrs: [].into() }.into()
    }

    #[test]
    fn a_name_cannot_be_the_subject() {
        for name in ["dn", "uid", "UID", "sAMAccountName", "userPrincipalName", "cn", "mail"] {
            let refused = check(name).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("`subject` must not be `{name}`")), "{refused}");
        }
        // `uid` by its number, and a way out of the filter.
        for bad in ["0.9.2342.19200300.100.1.1", "a)(b", "", "entryUUID;x"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        for good in ["entryUUID", "nsUniqueId", "objectGUID", "employeeNumber", "ipaUniqueID"] {
            assert_eq!(check(good), Ok(()));
        }
    }

    #[test]
    fn somebody_has_exactly_one_subject() {
        let subject = of(&entry("entryuuid", &["one"]), "entryUUID").unwrap();
        assert_eq!(subject.as_str(), "one");
        for values in [&[][..], &["one", "two"], &[""], &["a\nb"]] {
            assert!(of(&entry("entryUUID", values), "entryUUID").is_err(), "{values:?}");
        }
        let guid = of(&entry("objectGUID", &["abcdefghijklmnop"]), "objectGUID").unwrap();
        assert_eq!(guid.as_str(), "64636261-6665-6867-696a-6b6c6d6e6f70");
    }

    // LD2
    #[test]
    fn a_subject_in_a_filter_stands_for_itself() {
        let find = |attribute, text: &str| filter(attribute, &Subject::parse(text).unwrap());
        assert_eq!(find("entryUUID", "*").unwrap(), r"(entryUUID=\2a)");
        assert_eq!(find("objectGUID", "*"), None);
        assert_eq!(
            find("objectGUID", "64636261-6665-6867-696a-6b6c6d6e6f70").unwrap(),
            r"(objectGUID=\61\62\63\64\65\66\67\68\69\6a\6b\6c\6d\6e\6f\70)"
        );
    }
}
