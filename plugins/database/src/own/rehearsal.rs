//! A login at our own table, step by step, and what its people's hashes are like.

use std::collections::BTreeMap;
use std::time::Instant;

use async_trait::async_trait;
use sea_orm::{EntityTrait, QuerySelect};
use vestibule_plugin::{
    Identity, Outcome, Password, Probe, Refusal, Rehearsal, Rehearsed, Step, Unavailable, Username,
};

use super::{People, closed, person};
use crate::Verdict;
use crate::hash::{Function, Stored};

/// So many people are looked at.
const SOME: u64 = 100;

impl People {
    async fn trial(
        &self,
        steps: &mut Vec<Step>,
        username: &Username,
        password: Option<&Password>,
    ) -> Result<Identity, Refusal> {
        let mut began = Instant::now();
        let mut add = |name: &str, outcome: Outcome, facts: &[(&str, String)]| {
            steps.push(step(name, outcome, facts, began));
            began = Instant::now();
        };
        let found = self.by_name(username).await.map_err(Unavailable::because);
        let asked = [("name", username.to_string())];
        let Some(person) = found.inspect_err(|down| add("person", failed(down), &asked))? else {
            let nobody = Outcome::Failed("nobody of this name is known".to_owned());
            add("person", nobody, &asked);
            return Err(Refusal::Unknown);
        };
        let identity = self.identity(&person)?;
        let state = match (person.disabled, person.locked) {
            (true, _) => "disabled",
            (_, true) => "locked",
            _ => "open",
        };
        let facts = [
            ("subject", person.id.clone()),
            ("state", state.to_owned()),
            ("must change the password", if person.must_change { "yes" } else { "no" }.to_owned()),
        ];
        add("person", Outcome::Passed, &facts);
        if let Some(password) = password {
            let verdict = self.hasher.verify(password, &person.password_hash).await;
            match verdict.inspect_err(|down| add("login", failed(down), &[]))? {
                Verdict::Wrong => {
                    add("login", Outcome::Failed("the password is wrong".to_owned()), &[]);
                    return Err(Refusal::WrongCredentials(Some(identity.subject)));
                }
                Verdict::Right | Verdict::RightButOutdated => {
                    add("login", Outcome::Passed, &[]);
                }
            }
        }
        match closed(&person, &identity.subject, password.is_some()) {
            Some(refusal) => Err(refusal),
            None if person.must_change => Err(Refusal::PasswordExpired(Some(identity.subject))),
            None => Ok(identity),
        }
    }
}

#[async_trait]
impl Rehearsal for People {
    async fn rehearse(&self, username: &Username, password: Option<&Password>) -> Rehearsed {
        let mut steps = Vec::new();
        let outcome = self.trial(&mut steps, username, password).await;
        Rehearsed { steps, outcome }
    }

    /// Our own database is no host of this backend: `check` has asked it before.
    async fn probe(&self) -> Vec<Probe> {
        let began = Instant::now();
        let answer = self.read.ping().await;
        let outcome = answer.map(|()| "it answers".to_owned()).map_err(|fault| fault.to_string());
        vec![Probe { host: String::new(), outcome, took: began.elapsed() }]
    }

    async fn sample(&self) -> Vec<Step> {
        let began = Instant::now();
        let some = person::Entity::find().limit(SOME).all(&self.read).await;
        let people = match some {
            Ok(people) => people,
            Err(fault) => {
                return vec![step("rows", Outcome::Failed(fault.to_string()), &[], began)];
            }
        };
        let mut schemes = BTreeMap::<String, usize>::new();
        let mut shut = Vec::new();
        for person in &people {
            let scheme = match Stored::recognise(&person.password_hash) {
                Ok(stored) => {
                    if !matches!(stored.function, Function::Argon2(_)) {
                        shut.push(format!("{} is no scheme of this table", stored.scheme));
                    }
                    stored.scheme.to_owned()
                }
                Err(unusable) => {
                    shut.push(unusable.to_string());
                    unusable.to_string()
                }
            };
            *schemes.entry(scheme).or_default() += 1;
        }
        let outcome = match shut.first() {
            Some(why) => {
                let (count, all) = (shut.len(), people.len());
                Outcome::Failed(format!("{count} of {all} people cannot log in: {why}"))
            }
            None if people.is_empty() => Outcome::Doubtful("there is nobody".to_owned()),
            None => Outcome::Passed,
        };
        let schemes: Vec<_> =
            schemes.iter().map(|(scheme, count)| format!("{scheme}: {count}")).collect();
        let facts = [("rows", people.len().to_string()), ("schemes", schemes.join("; "))];
        vec![step("rows", outcome, &facts, began)]
    }
}

fn failed(why: &Unavailable) -> Outcome {
    Outcome::Failed(why.to_string())
}

fn step(name: &str, outcome: Outcome, facts: &[(&str, String)], began: Instant) -> Step {
    let facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), fact.clone())).collect();
    Step { name: name.to_owned(), outcome, facts, took: began.elapsed() }
}
