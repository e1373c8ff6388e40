//! Somebody's groups: those that the entry names in `memberOf`, or those that name the entry, and the
//! groups that these are in.
//!
//! Groups of groups are climbed breadth first, one search for each level; a group that was seen is
//! not asked for again, so a ring ends by itself. Active Directory climbs by itself, by a matching
//! rule. More than [`MOST`] groups are an error: half of them would be a wrong answer to "is she one
//! of those". Groups are searched for below `group_base`, or in the whole tree in which the people
//! are; `memberOf` and the number of the primary group may name others.

mod filters;
mod required;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashSet;

use vestibule_plugin::Unavailable;

use self::filters::Members;
use crate::asker::Asker;
use crate::dn;
use crate::entry::Entry;
use crate::flavour::{Flavour, Root};
use crate::settings::{GroupNames, GroupSource, Scope, Settings};
use crate::wire::Search;

/// What of the person is needed to find the groups.
pub(crate) const ATTRIBUTES: &[&str] = &["memberOf", "uid", "objectSid", "primaryGroupID"];

/// How many groups somebody may have. A search of Active Directory tells no more at once.
const MOST: usize = 999;

/// One of somebody's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) dn: String,
    /// How many groups lie between: 0 for those that the person is in.
    pub(crate) depth: usize,
}

/// How the directory is asked for groups.
#[derive(Clone, Copy)]
pub(crate) struct Climb<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) source: GroupSource,
    pub(crate) root: &'a Root,
}

impl Climb<'_> {
    /// All groups of somebody; none if nobody asked for groups.
    pub(crate) async fn of(
        &self,
        person: &Entry,
        asker: &mut Asker<'_>,
    ) -> Result<Vec<Group>, Unavailable> {
        let groups = &self.settings.groups;
        if self.source == GroupSource::None {
            return Ok(Vec::new());
        }
        let mut found = Found::default();
        let primary = self.primary(person, asker).await?;
        if groups.nested && self.root.flavour == Flavour::ActiveDirectory {
            self.in_chain(person, primary, asker, &mut found).await?;
            return Ok(found.groups);
        }
        found.take(self.direct(person, asker).await?, 0)?;
        found.take(primary, 0)?;
        for depth in 1..=if groups.nested { groups.depth } else { 0 } {
            let members = found.dns(depth - 1);
            if members.is_empty() {
                break;
            }
            let members = Members { dns: &members, names: &[] };
            let above =
                self.search(&members.filter(self.settings, self.root.flavour), asker).await?;
            found.take(above, depth)?;
        }
        Ok(found.groups)
    }

    /// The groups that the person is in without another between.
    async fn direct(
        &self,
        person: &Entry,
        asker: &mut Asker<'_>,
    ) -> Result<Vec<String>, Unavailable> {
        if self.source == GroupSource::MemberOf
            // Too many for Active Directory to tell at once.
            && !person.is_cut_short("memberOf")
        {
            return Ok(person.texts("memberOf").map(str::to_owned).collect());
        }
        let names: Vec<&str> = person.texts("uid").collect();
        let members = Members { dns: &[&person.dn], names: &names };
        self.search(&members.filter(self.settings, self.root.flavour), asker).await
    }

    /// The primary group of Active Directory, which neither has the person as a member nor is named
    /// in `memberOf`.
    async fn primary(
        &self,
        person: &Entry,
        asker: &mut Asker<'_>,
    ) -> Result<Vec<String>, Unavailable> {
        match filters::primary(person) {
            Some(filter) if self.root.flavour == Flavour::ActiveDirectory => {
                self.search_below(self.whole(), Scope::Subtree, &filter, asker).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Active Directory: all groups by one search, which does not tell how they lie in each other.
    async fn in_chain(
        &self,
        person: &Entry,
        primary: Vec<String>,
        asker: &mut Asker<'_>,
        found: &mut Found,
    ) -> Result<(), Unavailable> {
        if self.source == GroupSource::MemberOf {
            found.take(self.direct(person, asker).await?, 0)?;
        }
        let mut members = vec![person.dn.as_str()];
        members.extend(primary.iter().map(String::as_str));
        let all = self.search(&filters::in_chain(self.settings, &members), asker).await?;
        let direct: HashSet<_> = person.texts("memberOf").map(dn::canonical).collect();
        let (direct, above) = all.into_iter().partition(|dn| direct.contains(&dn::canonical(dn)));
        found.take(direct, 0)?;
        found.take(primary, 0)?;
        found.take(above, 1)
    }

    async fn search(
        &self,
        filter: &str,
        asker: &mut Asker<'_>,
    ) -> Result<Vec<String>, Unavailable> {
        self.search_below(self.base(), Scope::Subtree, filter, asker).await
    }

    async fn search_below(
        &self,
        base: &str,
        scope: Scope,
        filter: &str,
        asker: &mut Asker<'_>,
    ) -> Result<Vec<String>, Unavailable> {
        // No attribute (RFC 4511 §4.5.1.8): the name of a group is enough, its members would be many.
        let attributes = &["1.1"];
        let search = Search { base, scope, filter, attributes, limit: MOST };
        Ok(asker.search(&search).await?.into_iter().map(|entry| entry.dn).collect())
    }
}

impl<'a> Climb<'a> {
    fn base(&self) -> &'a str {
        self.settings.groups.base.as_deref().unwrap_or_else(|| self.whole())
    }

    /// In Active Directory the domain of the people.
    fn whole(&self) -> &'a str {
        self.root.tree_of(&self.settings.people.base)
    }
}

/// The groups so far, each once.
#[derive(Default)]
struct Found {
    seen: HashSet<Vec<(String, String)>>,
    groups: Vec<Group>,
}

impl Found {
    fn take(&mut self, dns: Vec<String>, depth: usize) -> Result<(), Unavailable> {
        let new = dns.into_iter().filter(|dn| self.seen.insert(dn::canonical(dn)));
        self.groups.extend(new.map(|dn| Group { dn, depth }));
        if self.groups.len() <= MOST {
            return Ok(());
        }
        Err(Unavailable::because(format!("somebody is in more than {MOST} groups")))
    }

    fn dns(&self, depth: usize) -> Vec<&str> {
        let level = self.groups.iter().filter(|group| group.depth == depth);
        level.map(|group| group.dn.as_str()).collect()
    }
}

/// What is told of the groups: names or DNs that fit the pattern, in the order of the alphabet, so
/// that two answers about the same groups are the same.
pub(crate) fn told(groups: &[Group], settings: &Settings) -> Vec<String> {
    let mut told: Vec<String> = groups
        .iter()
        .map(|group| match settings.groups.names {
            GroupNames::Name => dn::name(&group.dn),
            GroupNames::Dn => group.dn.clone(),
        })
        .filter(|name| settings.groups.pattern.as_ref().is_none_or(|pattern| fits(name, pattern)))
        .collect();
    told.sort();
    told.dedup();
    told
}

/// Whether one of the groups is the required one, which is given by DN or, less strictly, by name.
pub(crate) fn has(groups: &[Group], required: &str) -> bool {
    if required.contains('=') {
        return groups.iter().any(|group| dn::same(&group.dn, required));
    }
    groups.iter().any(|group| dn::name(&group.dn).to_lowercase() == required.to_lowercase())
}

/// Whether a text fits a pattern in which `*` stands for anything. Without case, as directories
/// compare names.
fn fits(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match text.split_once(part) {
            Some((_, behind)) => text = behind,
            None => return false,
        }
    }
    text.ends_with(end)
}
