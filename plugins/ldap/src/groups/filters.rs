//! The filters that find groups: by their members, by a matching rule, by a number.
//!
//! *Why* each kind of group is named with its class: a membership alone may have no index, and the
//! directory would read everything below the base.

use crate::entry::Entry;
use crate::escape::{filter_bytes, filter_value};
use crate::flavour::Flavour;
use crate::identifiers::sibling_sid;
use crate::settings::Settings;

/// LDAP_MATCHING_RULE_TRANSITIVE_EVAL (MS-ADTS §3.1.1.3.4.4.3).
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// Groups whose members can be seen.
pub(super) const WITH_MEMBERS: &str = "(|(member=*)(uniqueMember=*)(memberUid=*))";

/// What groups are called by the directories that we know.
const CLASSES: &[&str] =
    &["group", "groupOfMembers", "groupOfNames", "groupOfURLs", "groupOfUniqueNames", "posixGroup"];

/// Members of groups: entries, and in POSIX's groups names.
pub(super) struct Members<'a> {
    pub(super) dns: &'a [&'a str],
    pub(super) names: &'a [&'a str],
}

impl Members<'_> {
    /// The groups that have one of the members.
    pub(super) fn filter(&self, settings: &Settings, flavour: Flavour) -> String {
        let member = self.dns.iter().map(|dn| equals("member", dn)).collect();
        let unique = self.dns.iter().map(|dn| equals("uniqueMember", dn)).collect();
        let names: Vec<_> = self.names.iter().map(|name| equals("memberUid", name)).collect();
        let kinds: Vec<(&str, Vec<String>)> = match flavour {
            Flavour::ActiveDirectory => vec![("group", member)],
            _ => vec![
                ("groupOfNames", member),
                ("groupOfUniqueNames", unique),
                ("posixGroup", names),
            ],
        };
        let kinds = kinds.into_iter().filter(|(_, members)| !members.is_empty());
        match &settings.groups.filter {
            Some(filter) => {
                let members: Vec<_> = kinds.flat_map(|(_, members)| members).collect();
                format!("(&{}{})", filter, any(&members))
            }
            None => {
                let of_kind = |(kind, members): (&str, Vec<String>)| {
                    format!("(&(objectClass={kind}){})", any(&members))
                };
                any(&kinds.map(of_kind).collect::<Vec<_>>())
            }
        }
    }
}

/// Active Directory: the groups that have one of the members, at whatever depth.
pub(super) fn in_chain(settings: &Settings, members: &[&str]) -> String {
    let attribute = format!("member:{IN_CHAIN}:");
    let filter = settings.groups.filter.as_deref().unwrap_or("(objectClass=group)");
    let members: Vec<_> = members.iter().map(|dn| equals(&attribute, dn)).collect();
    format!("(&{}{})", filter, any(&members))
}

/// The groups of a name, whatever names their members.
pub(super) fn named(settings: &Settings, name: &str) -> String {
    let kinds = CLASSES.iter().map(|kind| equals("objectClass", kind)).collect::<Vec<_>>();
    let kinds = settings.groups.filter.clone().unwrap_or_else(|| any(&kinds));
    format!("(&{}{kinds})", equals("cn", name))
}

/// Active Directory: the group whose number the person carries.
pub(super) fn primary(person: &Entry) -> Option<String> {
    let number = person.text("primaryGroupID")?.parse().ok()?;
    let sid = sibling_sid(person.bytes("objectSid").first()?, number)?;
    Some(format!("(objectSid={})", filter_bytes(&sid)))
}

fn equals(attribute: &str, value: &str) -> String {
    format!("({attribute}={})", filter_value(value))
}

fn any(filters: &[String]) -> String {
    match filters {
        [one] => one.clone(),
        all => format!("(|{})", all.concat()),
    }
}
