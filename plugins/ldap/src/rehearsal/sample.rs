//! A few people: which of the attributes that are asked for are there, and whether each of them has
//! a subject. Says what is there, and not what it says.

use std::collections::HashSet;

use vestibule_plugin::Unavailable;

use super::steps::{Steps, begin};
use crate::asker::Asker;
use crate::entry::{DN, Entry};
use crate::flavour::{Flavour, Root};
use crate::settings::GroupSource;
use crate::wire::{Bound, Search};
use crate::{Ldap, account, subject};

/// How many people are read.
const FEW: usize = 5;

impl Ldap {
    pub(super) async fn sample_on(
        &self,
        mut bound: Bound,
        steps: &mut Steps,
    ) -> Result<(), Unavailable> {
        if self.settings.service.is_none() && self.settings.people.bind_as.is_some() {
            steps
                .leave_out("search", "people are read only after they have bound: try one of them");
            return Ok(());
        }
        let root = self.root_told(&mut Asker::Person(&mut bound), steps).await?;
        let people = self.few(&root, bound, steps).await?;
        if people.is_empty() {
            steps.fail(
                "nobody is found: see `base`, `filter`, and what the service account may read",
            );
            return Ok(());
        }
        self.subjects(&people, &root, steps);
        self.attributes(&people, steps);
        states(&people, &root, steps);
        Ok(())
    }

    async fn few(
        &self,
        root: &Root,
        bound: Bound,
        steps: &mut Steps,
    ) -> Result<Vec<Entry>, Unavailable> {
        let filter = self.anybody(root);
        let filter = filter.unwrap_or_else(|| format!("({}=*)", self.subject(root)));
        let mut attributes = self.asked(root);
        attributes.extend(account::ATTRIBUTES);
        let people = &self.settings.people;
        let (base, scope) = (people.base.as_str(), people.scope);
        let search = Search { base, scope, filter: &filter, attributes: &attributes, limit: FEW };
        let began = begin("search");
        let found = steps.end(began, bound.sample(search).await);
        steps.tell("base", base);
        steps.tell("filter", &filter);
        let found: Vec<Entry> = found?.into_iter().map(Entry::from).collect();
        let names: Vec<&str> = found.iter().map(|entry| entry.dn.as_str()).collect();
        steps.tell("read", &names.join("\n"));
        Ok(found)
    }

    /// Everybody has exactly one, and nobody has another's.
    fn subjects(&self, people: &[Entry], root: &Root, steps: &mut Steps) {
        let attribute = self.subject(root);
        let subjects: Result<Vec<_>, _> =
            people.iter().map(|entry| subject::of(entry, attribute)).collect();
        let Ok(subjects) = steps.end(begin("subject"), subjects) else { return };
        steps.tell("attribute", attribute);
        let different: HashSet<_> = subjects.iter().collect();
        if different.len() < people.len() {
            steps.fail(&format!(
                "two people have the same `{attribute}`; set `subject` to an attribute that is \
                 each person's own"
            ));
        }
    }

    fn attributes(&self, people: &[Entry], steps: &mut Steps) {
        let by_member_of = self.settings.groups.source == GroupSource::MemberOf;
        let groups = (by_member_of && self.wants_groups()).then_some("memberOf");
        let _: Result<(), Unavailable> = steps.end(begin("attributes"), Ok(()));
        let mut missing = Vec::new();
        for name in self.told().chain(groups) {
            let have =
                |entry: &&Entry| name.eq_ignore_ascii_case(DN) || !entry.bytes(name).is_empty();
            let count = people.iter().filter(have).count();
            steps.tell(name, &format!("{count} of {}", people.len()));
            if count == 0 && (self.expected || Some(name) == groups) {
                missing.push(name);
            }
        }
        if !missing.is_empty() {
            steps.doubt(&format!(
                "none of them has {}; see `[backend.claims]`, and what the service account may read",
                missing.join(", ")
            ));
        }
    }
}

/// Whether a look-up will notice that an account is closed, as far as that can be seen on open ones.
fn states(people: &[Entry], root: &Root, steps: &mut Steps) {
    let _: Result<(), Unavailable> = steps.end(begin("states"), Ok(()));
    let told = |name: &&str| people.iter().any(|entry| !entry.bytes(name).is_empty());
    let seen: Vec<&str> = account::ATTRIBUTES.iter().copied().filter(|name| told(name)).collect();
    steps.tell("seen", &seen.join(", "));
    // Everybody has them there.
    if root.flavour == Flavour::ActiveDirectory && !seen.contains(&"userAccountControl") {
        steps.fail(
            "the service account may not read `userAccountControl`, and cannot tell who is disabled; \
             grant it \"read account restrictions\"",
        );
    }
}
