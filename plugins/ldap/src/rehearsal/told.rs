//! The steps of a rehearsal behind the connection: each does what a login does, and tells it.

use vestibule_plugin::{Refusal, Subject, Unavailable};

use super::steps::{Steps, begin, listed};
use crate::asker::Asker;
use crate::entry::Entry;
use crate::flavour::Root;
use crate::groups::{self, Group};
use crate::person::{GROUPS, only};
use crate::settings::GroupSource;
use crate::states::State;
use crate::wire::Bound;
use crate::{Ldap, account, subject};

impl Ldap {
    pub(super) async fn root_told(
        &self,
        asker: &mut Asker<'_>,
        steps: &mut Steps,
    ) -> Result<Root, Unavailable> {
        let began = begin("root DSE");
        let root = steps.end(began, Root::read(asker).await)?;
        steps.tell("kind", root.flavour.name());
        steps.tell("says", &root.says);
        steps.tell("subject", self.subject(&root));
        Ok(root)
    }

    pub(super) async fn search_told(
        &self,
        filter: &str,
        root: &Root,
        asker: &mut Asker<'_>,
        steps: &mut Steps,
    ) -> Result<Entry, Refusal> {
        let mut attributes = self.asked(root);
        attributes.extend(account::ATTRIBUTES);
        let began = begin("search");
        let found = steps.end(began, self.candidates(filter, &attributes, asker).await);
        steps.tell("base", &self.settings.people.base);
        steps.tell("filter", filter);
        let found = found?;
        steps.tell("found", &found.len().to_string());
        match only(found, filter) {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => {
                steps.fail(
                    "nobody is found: see `base`, `filter`, and what the service account may read",
                );
                Err(Refusal::Unknown)
            }
            Err(fault) => {
                steps.fail(&fault.to_string());
                Err(fault.into())
            }
        }
    }

    /// What there is of the person, and what is missing.
    pub(super) fn entry_told(
        &self,
        entry: &Entry,
        root: &Root,
        steps: &mut Steps,
    ) -> Result<Subject, Unavailable> {
        let subject = steps.end(begin("entry"), subject::of(entry, self.subject(root)));
        steps.tell("dn", &entry.dn);
        let subject = subject?;
        steps.tell("subject", subject.as_str());
        let mut missing = Vec::new();
        for name in self.told() {
            match entry.told(name) {
                values if values.is_empty() && self.expected => missing.push(name),
                values if values.is_empty() => {}
                values => steps.tell(name, &listed(&values)),
            }
        }
        if missing.contains(&GROUPS) {
            steps.doubt("the claims ask for groups: set `groups` to \"member-of\" or \"search\"");
        } else if !missing.is_empty() {
            steps.doubt(&format!(
                "the claims ask for {}, which the entry does not have or the service account may \
                 not read",
                missing.join(", ")
            ));
        }
        Ok(subject)
    }

    pub(super) async fn groups_told(
        &self,
        entry: &Entry,
        root: &Root,
        asker: &mut Asker<'_>,
        steps: &mut Steps,
    ) -> Result<Vec<Group>, Unavailable> {
        if !self.wants_groups() {
            return Ok(Vec::new());
        }
        let began = begin("groups");
        let groups = steps.end(began, self.groups(entry, root, asker).await)?;
        let tree = self.climb(root).tree(&groups, asker).await;
        let source = match self.settings.groups.source {
            GroupSource::MemberOf => "by memberOf",
            GroupSource::Search | GroupSource::None => "by a search for members",
        };
        let nested =
            if self.settings.groups.nested { ", and the groups that they are in" } else { "" };
        steps.tell("found", &format!("{source}{nested}"));
        steps.tell("tree", &tree?.join("\n"));
        steps.tell("told", &groups::told(&groups, &self.settings).join("\n"));
        if let Some(required) = &self.settings.people.required_group {
            steps.tell("required", required);
            if !groups::has(&groups, required) {
                steps.fail("the person is not in the required group");
            }
        }
        Ok(groups)
    }

    /// How the bind ended, in numbers and in words.
    pub(super) fn state_told(
        &self,
        bound: &Bound,
        name: &str,
        steps: &mut Steps,
    ) -> Result<State, Unavailable> {
        let answer = &bound.answer;
        steps.tell("as", name);
        steps.tell("result", &answer.code.to_string());
        steps.tell("text", answer.text.trim_end_matches('\0'));
        match State::read(answer) {
            Ok(state) => {
                steps.tell("meaning", state.words());
                match state {
                    State::Open(None) => {}
                    State::Open(Some(_)) => steps.doubt(state.words()),
                    _ => steps.fail(state.words()),
                }
                Ok(state)
            }
            Err(fault) => {
                steps.fail(&fault.to_string());
                Err(fault)
            }
        }
    }
}
