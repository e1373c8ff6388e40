//! A rehearsal: what a login does, one step after the other, on a connection of its own.
//!
//! With a service account the person is found and read first, and the password, if there is one, is
//! tried at the end. By a template without a service account nothing can be read before the password
//! was right.

mod sample;
mod steps;

use async_trait::async_trait;
use vestibule_plugin::{
    Identity, Password, Probe, Refusal, Rehearsal, Rehearsed, Step, Subject, Unavailable, Username,
};

use self::steps::{Steps, begin, listed};
use crate::asker::Asker;
use crate::entry::Entry;
use crate::flavour::Root;
use crate::groups;
use crate::person::only;
use crate::settings::GroupSource;
use crate::states::State;
use crate::wire::Bound;
use crate::{Ldap, account, dn, subject, template};

#[async_trait]
impl Rehearsal for Ldap {
    async fn rehearse(&self, username: &Username, password: Option<&Password>) -> Rehearsed {
        let (steps, bound) = self.wire.rehearse().await;
        let mut steps = Steps(steps);
        let outcome = match bound {
            Some(bound) if self.settings.people.bind_as.is_some() => {
                self.by_template(username, password, bound, &mut steps).await
            }
            Some(bound) => self.by_search(username, password, bound, &mut steps).await,
            None => Err(Unavailable::because("no host lets us connect").into()),
        };
        Rehearsed { steps: steps.0, outcome }
    }

    async fn probe(&self) -> Vec<Probe> {
        self.wire.probe().await
    }

    async fn sample(&self) -> Vec<Step> {
        let (steps, bound) = self.wire.rehearse().await;
        let mut steps = Steps(steps);
        if let Some(mut bound) = bound {
            // Each step says for itself how it ended.
            let _ = self.sample_on(&mut bound, &mut steps).await;
        }
        steps.0
    }
}

impl Ldap {
    async fn by_search(
        &self,
        username: &Username,
        password: Option<&Password>,
        mut bound: Bound,
        steps: &mut Steps,
    ) -> Result<Identity, Refusal> {
        let asker = &mut Asker::Person(&mut bound);
        let root = self.root_told(asker, steps).await?;
        let filter = template::filter(self.filter(&root), username.as_str());
        let entry = self.search_told(&filter, &root, asker, steps).await?;
        let subject = self.entry_told(&entry, &root, steps)?;
        let groups = self.groups_told(&entry, &root, asker, steps).await?;
        let warning = match password {
            Some(password) => {
                let began = begin("login");
                let answer = bound.bind(&entry.dn, password).await.map(drop);
                steps.end(began, answer)?;
                self.state_told(&bound, &entry.dn, &root, steps)?.admit(Some(subject.clone()))?
            }
            None => {
                let state = account::state(&entry, self.clock.now(), asker).await?;
                state.map_or(Ok(None), |closed| Err(closed.refusal(subject.clone())))?
            }
        };
        let identity = self.identified(&entry, subject, &groups, password.is_some())?;
        Ok(Identity { warning, ..identity })
    }

    async fn by_template(
        &self,
        username: &Username,
        password: Option<&Password>,
        mut bound: Bound,
        steps: &mut Steps,
    ) -> Result<Identity, Refusal> {
        let root = self.root_told(&mut Asker::Person(&mut bound), steps).await?;
        let Some(password) = password else {
            steps.leave_out("login", "nobody binds by `bind_as` without a password: give one");
            return Err(Unavailable::because("there is no password to bind with").into());
        };
        let began = begin("login");
        let mut proof = steps.end(began, self.prove(username, password, &root).await)?;
        let state = self.state_told(&proof.bound, &proof.name, &root, steps)?;
        let warning = state.admit(None)?;
        let began = begin("search");
        let entry = steps.end(began, self.read_back(username, &root, &mut proof).await)?;
        let subject = self.entry_told(&entry, &root, steps)?;
        let asker = &mut self.reader(&mut proof.bound);
        let groups = self.groups_told(&entry, &root, asker, steps).await?;
        Ok(Identity { warning, ..self.identified(&entry, subject, &groups, true)? })
    }

    async fn root_told(
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

    async fn search_told(
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
    fn entry_told(
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
                values if values.is_empty() => missing.push(name),
                values => steps.tell(name, &listed(&values)),
            }
        }
        if !missing.is_empty() {
            steps.doubt(&format!(
                "the claims ask for {}, which the entry does not have or the service account may \
                 not read",
                missing.join(", ")
            ));
        }
        Ok(subject)
    }

    async fn groups_told(
        &self,
        entry: &Entry,
        root: &Root,
        asker: &mut Asker<'_>,
        steps: &mut Steps,
    ) -> Result<Vec<groups::Group>, Unavailable> {
        if !self.wants_groups() {
            return Ok(Vec::new());
        }
        let began = begin("groups");
        let groups = steps.end(began, self.groups(entry, root, asker).await)?;
        let source = match self.settings.groups.source {
            GroupSource::MemberOf => "by memberOf",
            GroupSource::Search | GroupSource::None => "by a search for members",
        };
        let nested =
            if self.settings.groups.nested { ", and the groups that they are in" } else { "" };
        steps.tell("found", &format!("{source}{nested}"));
        let line =
            |group: &groups::Group| format!("{}{}", "  ".repeat(group.depth), dn::name(&group.dn));
        steps.tell("tree", &groups.iter().map(line).collect::<Vec<_>>().join("\n"));
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
    fn state_told(
        &self,
        bound: &Bound,
        name: &str,
        root: &Root,
        steps: &mut Steps,
    ) -> Result<State, Unavailable> {
        let answer = &bound.answer;
        steps.tell("as", name);
        steps.tell("result", &answer.code.to_string());
        steps.tell("text", answer.text.trim_end_matches('\0'));
        match State::read(answer, root.flavour) {
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
