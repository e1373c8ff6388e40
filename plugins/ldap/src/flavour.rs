//! Which kind of directory it is, read from its root DSE (RFC 4512 §5.1), and what follows from that.

use vestibule_plugin::Unavailable;

use crate::asker::Asker;
use crate::dn;
use crate::entry::Entry;
use crate::settings::Scope;
use crate::wire::Search;

/// The kinds that differ in ways that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    ActiveDirectory,
    /// 389 Directory Server, and what is built on it.
    Dirsrv,
    OpenLdap,
    Other,
}

/// LDAP_CAP_ACTIVE_DIRECTORY_OID and LDAP_CAP_ACTIVE_DIRECTORY_ADAM_OID (MS-ADTS §3.1.1.3.4.3).
const ACTIVE_DIRECTORY: &[&str] = &["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1851"];

const ASKED: &[&str] = &[
    "objectClass",
    "vendorName",
    "vendorVersion",
    "supportedCapabilities",
    "dnsHostName",
    "namingContexts",
];

/// What a directory says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) flavour: Flavour,
    /// For the operator: name, version, host, as far as they are told.
    pub(crate) says: String,
    /// The trees that it holds.
    contexts: Vec<String>,
}

impl Root {
    /// Asks for it. A directory that hides it is of no special kind.
    pub(crate) async fn read(asker: &mut Asker<'_>) -> Result<Self, Unavailable> {
        let filter = "(objectClass=*)";
        let search = Search { base: "", scope: Scope::Base, filter, attributes: ASKED, limit: 1 };
        let found = asker.search(&search).await?;
        Ok(found.first().map_or_else(|| Self::of(&Entry::default()), Self::of))
    }

    fn of(entry: &Entry) -> Self {
        let says = |name: &str, words: &[&str]| {
            entry.texts(name).any(|text| words.iter().any(|word| text.contains(word)))
        };
        let flavour = if says("supportedCapabilities", ACTIVE_DIRECTORY) {
            Flavour::ActiveDirectory
        } else if says("vendorName", &["389 Project", "Red Hat"]) {
            Flavour::Dirsrv
        } else if says("objectClass", &["OpenLDAProotDSE"]) {
            Flavour::OpenLdap
        } else {
            Flavour::Other
        };
        let told = ["vendorName", "vendorVersion", "dnsHostName"];
        let told: Vec<&str> = told.iter().filter_map(|name| entry.text(name)).collect();
        let contexts = entry.texts("namingContexts").map(str::to_owned).collect();
        Self { flavour, says: told.join(", "), contexts }
    }

    /// Whether nothing was said: hidden for now, or for ever.
    pub(crate) fn is_blank(&self) -> bool {
        *self == Self::of(&Entry::default())
    }

    /// The whole tree in which an entry is; the entry itself where the trees are not told.
    pub(crate) fn tree_of<'a>(&'a self, dn: &'a str) -> &'a str {
        let around = self.contexts.iter().filter(|context| dn::is_below(dn, context));
        around.max_by_key(|context| context.len()).map_or(dn, String::as_str)
    }
}

impl Flavour {
    /// As the operator knows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "Active Directory",
            Self::Dirsrv => "389 Directory Server",
            Self::OpenLdap => "OpenLDAP",
            Self::Other => "of no known kind",
        }
    }

    /// The attribute that is given once and never again.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::ActiveDirectory => "objectGUID",
            Self::Dirsrv => "nsUniqueId",
            // RFC 4530.
            Self::OpenLdap | Self::Other => "entryUUID",
        }
    }

    /// Who has a name, unless the operator says otherwise.
    ///
    /// *Why* not `mail`: in many directories people write their own, and could write another's login
    /// name there. *Why* not the part before `@` in Active Directory: `alice` of another domain would be
    /// taken for ours.
    pub(crate) fn filter(self) -> &'static str {
        match self {
            // Computers are users, too, and only people have this category.
            Self::ActiveDirectory => {
                "(&(objectCategory=person)(objectClass=user)\
                 (|(sAMAccountName={account})(userPrincipalName={username})))"
            }
            _ => "(uid={username})",
        }
    }
}

#[cfg(test)]
mod tests {
    use ldap3::SearchEntry;

    use super::*;

    fn root(name: &str, values: &[&str]) -> Root {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let attrs = [(name.to_owned(), values)].into();
        Root::of(&SearchEntry { dn: String::new(), attrs, bin_attrs: [].into() }.into())
    }

    #[test]
    fn a_directory_is_known_by_its_root() {
        for (name, values, flavour) in [
            ("objectClass", ["top", "OpenLDAProotDSE"], Flavour::OpenLdap),
            ("vendorName", ["389 Project", ""], Flavour::Dirsrv),
            ("supportedCapabilities", ["1.2.840.113556.1.4.800", "x"], Flavour::ActiveDirectory),
            ("supportedCapabilities", ["1.2.840.113556.1.4.1851", "x"], Flavour::ActiveDirectory),
            ("vendorName", ["Somebody", "else"], Flavour::Other),
        ] {
            assert_eq!(root(name, &values).flavour, flavour, "{name} {values:?}");
        }
    }

    #[test]
    fn a_directory_that_hides_its_root_says_nothing() {
        assert!(root("supportedExtension", &["x"]).is_blank());
        assert!(!root("namingContexts", &["dc=test"]).is_blank());
    }

    #[test]
    fn the_tree_of_an_entry_is_the_nearest() {
        let root = root("namingContexts", &["dc=test", "ou=a,dc=test", "dc=other"]);
        assert_eq!(root.tree_of("ou=people, OU=A,dc=test"), "ou=a,dc=test");
        assert_eq!(root.tree_of("ou=people,dc=test"), "dc=test");
        assert_eq!(root.tree_of("ou=people,dc=hidden"), "ou=people,dc=hidden");
    }
}
