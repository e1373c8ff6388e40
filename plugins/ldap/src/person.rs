//! Finding the one entry that is a person, and telling who that is.

use vestibule_plugin::{Identity, Refusal, Subject, Unavailable, Username};

use crate::asker::Asker;
use crate::entry::{DN, Entry};
use crate::flavour::Root;
use crate::groups::{self, Climb, Group};
use crate::settings::{GroupSource, Scope};
use crate::wire::Search;
use crate::{Ldap, account, subject, template};

/// The attribute under which groups are told, wherever they were found.
pub(crate) const GROUPS: &str = "groups";

/// More are as bad as two, and need not be named.
const NAMESAKES: usize = 5;

impl Ldap {
    /// The entry of whoever has the name.
    pub(crate) async fn by_name(
        &self,
        username: &Username,
        root: &Root,
        asker: &mut Asker<'_>,
    ) -> Result<Option<Entry>, Unavailable> {
        let filter = template::filter(self.filter(root), username.as_str());
        self.find(&filter, &self.asked(root), asker).await
    }

    /// The entry of whoever is the subject and could log in, with the state of the account.
    pub(crate) async fn by_subject(
        &self,
        subject: &Subject,
        root: &Root,
        asker: &mut Asker<'_>,
    ) -> Result<Option<Entry>, Unavailable> {
        let Some(is_them) = subject::filter(self.subject(root), subject) else { return Ok(None) };
        // Who has left the people whom the filter finds is as unknown here as at a login.
        let filter = match self.anybody(root) {
            Some(anybody) => format!("(&{is_them}{anybody})"),
            None => is_them,
        };
        let mut attributes = self.asked(root);
        attributes.extend(account::ATTRIBUTES);
        self.find(&filter, &attributes, asker).await
    }

    /// The only entry below the base that a filter finds.
    pub(crate) async fn find(
        &self,
        filter: &str,
        attributes: &[&str],
        asker: &mut Asker<'_>,
    ) -> Result<Option<Entry>, Unavailable> {
        only(self.candidates(filter, attributes, asker).await?, filter)
    }

    /// All entries below the base that a filter finds, which should be one.
    pub(crate) async fn candidates(
        &self,
        filter: &str,
        attributes: &[&str],
        asker: &mut Asker<'_>,
    ) -> Result<Vec<Entry>, Unavailable> {
        let people = &self.settings.people;
        let search = Search {
            base: &people.base,
            scope: people.scope,
            filter,
            attributes,
            limit: NAMESAKES,
        };
        asker.search(&search).await
    }

    /// The entry of this name, if it can be read and a filter finds it.
    pub(crate) async fn by_dn(
        &self,
        dn: &str,
        filter: &str,
        root: &Root,
        asker: &mut Asker<'_>,
    ) -> Result<Option<Entry>, Unavailable> {
        let attributes = &self.asked(root);
        let search = Search { base: dn, scope: Scope::Base, filter, attributes, limit: 1 };
        Ok(asker.search(&search).await?.pop())
    }

    /// Who the entry is, with all that was asked for; or that they lack the required group.
    pub(crate) async fn identity(
        &self,
        entry: &Entry,
        root: &Root,
        proved: bool,
        asker: &mut Asker<'_>,
    ) -> Result<Identity, Refusal> {
        let subject = subject::of(entry, self.subject(root))?;
        let groups = self.groups(entry, root, asker).await?;
        self.identified(entry, subject, &groups, proved)
    }

    /// Somebody's groups. That the required one is not among them is certain, or an error.
    pub(crate) async fn groups(
        &self,
        entry: &Entry,
        root: &Root,
        asker: &mut Asker<'_>,
    ) -> Result<Vec<Group>, Unavailable> {
        if !self.wants_groups() {
            return Ok(Vec::new());
        }
        let climb = self.climb(root);
        let groups = climb.of(entry, asker).await?;
        if let Some(required) = &self.settings.people.required_group
            && !groups::has(&groups, required)
        {
            climb.is_surely_without(required, entry, asker).await?;
        }
        Ok(groups)
    }

    pub(crate) fn climb<'a>(&'a self, root: &'a Root) -> Climb<'a> {
        Climb { settings: &self.settings, source: self.settings.groups.source, root }
    }

    pub(crate) fn identified(
        &self,
        entry: &Entry,
        subject: Subject,
        groups: &[Group],
        proved: bool,
    ) -> Result<Identity, Refusal> {
        if let Some(required) = &self.settings.people.required_group
            && !groups::has(groups, required)
        {
            return Err(Refusal::Disabled { proved, subject: Some(subject) });
        }
        let mut attributes = entry.attributes(self.told());
        if self.tells_groups() {
            for name in groups::told(groups, &self.settings) {
                attributes.add(GROUPS, name);
            }
        }
        Ok(Identity::new(subject, attributes))
    }

    /// The attribute that is the subject.
    pub(crate) fn subject<'a>(&'a self, root: &Root) -> &'a str {
        self.settings.people.subject.as_deref().unwrap_or(root.flavour.subject())
    }

    /// The template of the filter that finds people.
    pub(crate) fn filter<'a>(&'a self, root: &Root) -> &'a str {
        self.settings.people.filter.as_deref().unwrap_or(root.flavour.filter())
    }

    /// The filter that finds everybody who could log in, if there is one.
    pub(crate) fn anybody(&self, root: &Root) -> Option<String> {
        // Who binds by a DN is found by it: the usual filter is not asked.
        if self.binds_by_dn() && self.settings.people.filter.is_none() {
            return None;
        }
        template::anybody(self.filter(root))
    }

    /// Attributes to read of a person: those that are told, and those that decide.
    pub(crate) fn asked(&self, root: &Root) -> Vec<&str> {
        let mut asked = vec![self.subject(root)];
        if self.wants_groups() {
            asked.extend(groups::ATTRIBUTES);
        }
        let known = |name: &&str| !name.eq_ignore_ascii_case(DN);
        asked.extend(self.told().filter(known));
        asked
    }

    /// Attributes that are told of a person, except their groups.
    pub(crate) fn told(&self) -> impl Iterator<Item = &str> {
        let groups = self.tells_groups();
        self.wanted.iter().map(String::as_str).filter(move |name| !(groups && *name == GROUPS))
    }

    pub(crate) fn wants_groups(&self) -> bool {
        self.tells_groups() || self.settings.people.required_group.is_some()
    }

    fn tells_groups(&self) -> bool {
        self.settings.groups.source != GroupSource::None
            && self.wanted.iter().any(|name| name == GROUPS)
    }
}

/// To take the first of several would be to guess who it is.
pub(crate) fn only(mut found: Vec<Entry>, filter: &str) -> Result<Option<Entry>, Unavailable> {
    if let [_, _, ..] = found.as_slice() {
        let names: Vec<&str> = found.iter().map(|entry| entry.dn.as_str()).collect();
        return Err(Unavailable::because(format!(
            "the filter {filter} finds more than one person ({}); make `filter` stricter",
            names.join("; ")
        )));
    }
    match found.pop() {
        // A bind with an empty name is anonymous, and succeeds.
        Some(entry) if entry.dn.is_empty() => Err(Unavailable::because(format!(
            "the filter {filter} finds the directory itself; set `base` to where people are"
        ))),
        found => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // LD1
    #[test]
    fn the_directory_itself_is_nobody() {
        assert!(only(vec![Entry::default()], "(cn=x)").is_err(), "its name is empty");
        assert_eq!(only(Vec::new(), "(cn=x)").unwrap(), None);
        let entry = Entry::from(ldap3::SearchEntry {
            dn: "cn=x".to_owned(),
            attrs: [].into(),
            bin_attrs: [].into(),
        });
        assert_eq!(only(vec![entry.clone()], "(cn=x)").unwrap(), Some(entry.clone()));
        assert!(only(vec![entry.clone(), entry], "(cn=x)").is_err(), "no guess");
    }
}
