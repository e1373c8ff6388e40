//! A rehearsal: what a login does, one step after the other, on a connection of its own.
//!
//! With a service account the person is found and read first, and the password, if there is one, is
//! tried at the end. By a template without a service account nothing can be read before the password
//! was right.

mod sample;
mod steps;
mod told;

use async_trait::async_trait;
use vestibule_plugin::{
    Identity, Password, Probe, Refusal, Rehearsal, Rehearsed, Step, Unavailable, Username,
};

use self::steps::{Steps, begin};
use crate::account::Closed;
use crate::asker::Asker;
use crate::wire::Bound;
use crate::{Ldap, template};

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
        if let Some(bound) = bound {
            // Each step says for itself how it ended.
            let _ = self.sample_on(bound, &mut steps).await;
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
                self.state_told(&bound, &entry.dn, steps)?.admit(Some(subject.clone()))?
            }
            None => {
                let began = begin("state");
                let state = self.state(&entry, &root, asker).await;
                let state = steps.end(began, state)?;
                steps.tell("account", state.map_or("open", Closed::words));
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
        // Without a service account the directory may say what it is to nobody but the person.
        let told = match self.settings.service {
            Some(_) => Some(self.root_told(&mut Asker::Person(&mut bound), steps).await?),
            None => None,
        };
        let Some(password) = password else {
            steps.leave_out("login", "nobody binds by `bind_as` without a password: give one");
            return Err(Unavailable::because("there is no password to bind with").into());
        };
        let began = begin("login");
        let mut proof = steps.end(began, self.prove(username, password).await)?;
        let state = self.state_told(&proof.bound, &proof.name, steps)?;
        let warning = state.admit(None)?;
        let root = match told {
            Some(root) => root,
            None => self.root_told(&mut Asker::Person(&mut proof.bound), steps).await?,
        };
        let began = begin("search");
        let entry = steps.end(began, self.read_back(username, &root, &mut proof).await)?;
        let subject = self.entry_told(&entry, &root, steps)?;
        let asker = &mut self.reader(&mut proof.bound);
        let groups = self.groups_told(&entry, &root, asker, steps).await?;
        Ok(Identity { warning, ..self.identified(&entry, subject, &groups, true)? })
    }
}
