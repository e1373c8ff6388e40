//! A login, step by step, for an administrator: what is sent, what comes back, and what is made of it.
//! Values are shown, but for the hash.

use std::time::Instant;

use async_trait::async_trait;
use vestibule_plugin::{
    Identity, Outcome, Password, Probe, Refusal, Rehearsal, Rehearsed, Step, Subject, Unavailable,
    Username,
};

use super::cell::Row;
use super::database::Database;
use super::person::Person;
use super::query::{Placeholder, Query};
use super::{GROUPS, Tables, person};
use crate::hash::{Stored, Verdict};

/// Steps as they are made.
pub(super) struct Steps {
    made: Vec<Step>,
    began: Instant,
}

/// A step failed, and this is how it all ends.
type Ended<T> = Result<T, Refusal>;

impl Steps {
    pub(super) fn new() -> Self {
        Self { made: Vec::new(), began: Instant::now() }
    }

    /// Ends a step, which began when the one before it ended.
    pub(super) fn add(&mut self, name: &str, outcome: Outcome, facts: &[(&str, String)]) {
        let facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), fact.clone())).collect();
        let took = self.began.elapsed();
        self.made.push(Step { name: name.to_owned(), outcome, facts, took });
        self.began = Instant::now();
    }

    /// The value, or the failure as the end of a step.
    pub(super) fn attempt<T, E: Into<Unavailable>>(
        &mut self,
        name: &str,
        facts: &[(&str, String)],
        answer: Result<T, E>,
    ) -> Ended<T> {
        answer.map_err(|fault| {
            let unavailable = fault.into();
            self.add(name, Outcome::Failed(sentence(&unavailable)), facts);
            unavailable.into()
        })
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.made
    }
}

/// The cause alone: that it is the backend's is plain here.
fn sentence(unavailable: &Unavailable) -> String {
    match unavailable {
        Unavailable::Failed(cause) => cause.to_string(),
        busy => busy.to_string(),
    }
}

impl Tables {
    pub(super) async fn connect(&self, steps: &mut Steps) -> Ended<Database> {
        let database = self.database.afresh();
        let facts = [("database", database.place.name())];
        let answer = database.reach().await;
        steps.attempt("connect", &facts, answer)?;
        let outcome = if database.place.is_exposed() {
            Outcome::Doubtful(
                "hashes travel unprotected, or to whoever says to be the database: its certificate is \
                 not checked; add `sslmode=verify-full&sslrootcert=FILE` (PostgreSQL) or \
                 `ssl-mode=VERIFY_IDENTITY&ssl-ca=FILE` (MySQL) to `url`"
                    .to_owned(),
            )
        } else {
            Outcome::Passed
        };
        steps.add("connect", outcome, &facts);
        Ok(database)
    }

    async fn trial(
        &self,
        steps: &mut Steps,
        username: &Username,
        password: Option<&Password>,
    ) -> Ended<Identity> {
        let database = self.connect(steps).await?;
        let row = self.find(steps, &database, username).await?;
        let person = self.describe(steps, &row)?;
        let hash = self.show_hash(steps, &row)?;
        let identity = self.show_groups(steps, &database, &person, username).await?;
        self.look_up(steps, &database, &person).await?;
        if let Some(password) = password {
            self.log_in(steps, password, &person, hash.as_deref()).await?;
        }
        match person.closed(password.is_some()) {
            Some(refusal) => Err(refusal),
            None if person.must_change => Err(Refusal::PasswordExpired(Some(person.subject))),
            None => Ok(identity),
        }
    }

    async fn find(
        &self,
        steps: &mut Steps,
        database: &Database,
        username: &Username,
    ) -> Ended<Row> {
        let query = &self.settings.queries.person;
        let values = [(Placeholder::Username, username.as_str())];
        let mut facts =
            vec![("query", query.sql.clone()), (":username", username.as_str().to_owned())];
        let answer = self.one(database, query, &values).await;
        let Some(row) = steps.attempt("query", &facts, answer)? else {
            let nobody = "it finds no row: nobody of this name is known".to_owned();
            steps.add("query", Outcome::Failed(nobody), &facts);
            return Err(Refusal::Unknown);
        };
        let columns: Vec<_> = row.0.iter().map(|(name, _)| name.as_str()).collect();
        facts.push(("columns", columns.join(", ")));
        steps.add("query", Outcome::Passed, &facts);
        Ok(row)
    }

    fn describe(&self, steps: &mut Steps, row: &Row) -> Ended<Person> {
        let person = steps.attempt("person", &[], self.person(row))?;
        let state = steps.attempt("person", &[], person::state(row, &self.settings.columns))?;
        let facts = [
            ("subject", person.subject.to_string()),
            ("state", state.map_or("open".to_owned(), |state| format!("{state:?}").to_lowercase())),
            ("must change the password", if person.must_change { "yes" } else { "no" }.to_owned()),
        ];
        steps.add("person", Outcome::Passed, &facts);
        Ok(person)
    }

    fn show_hash(&self, steps: &mut Steps, row: &Row) -> Ended<Option<String>> {
        let hash = steps.attempt("hash", &[], person::hash(row, &self.settings.columns))?;
        let Some(text) = &hash else {
            let none = "the person has no password, so none is right".to_owned();
            steps.add("hash", Outcome::Doubtful(none), &[]);
            return Ok(None);
        };
        let stored = self.recognise(text).map_err(Unavailable::because);
        let stored = steps.attempt("hash", &[], stored)?;
        steps.add("hash", self.worth(&stored), &[("scheme", stored.scheme.to_owned())]);
        Ok(hash)
    }

    fn worth(&self, stored: &Stored) -> Outcome {
        if stored.is_weak() && self.settings.queries.upgrade.is_none() {
            let advice =
                "it is weak, and stays so: with a `write_query` it is replaced at the next login";
            return Outcome::Doubtful(advice.to_owned());
        }
        Outcome::Passed
    }

    async fn show_groups(
        &self,
        steps: &mut Steps,
        database: &Database,
        person: &Person,
        username: &Username,
    ) -> Ended<Identity> {
        let answer = self.identity(database, person, Some(username)).await;
        let Some(query) = &self.settings.queries.groups else {
            return steps.attempt("groups", &[], answer);
        };
        let mut facts = vec![("query", query.sql.clone())];
        let identity = steps.attempt("groups", &facts, answer)?;
        let groups = identity.attributes.all(GROUPS).iter().filter_map(|group| group.as_text());
        facts.push(("groups", groups.collect::<Vec<_>>().join(", ")));
        let outcome = if self.settings.columns.wanted.iter().any(|name| name == GROUPS) {
            Outcome::Passed
        } else {
            let advice = "it is not sent: no claim is made of `groups`; add one to `claims`";
            Outcome::Doubtful(advice.to_owned())
        };
        steps.add("groups", outcome, &facts);
        Ok(identity)
    }

    /// Whether a look-up will find the same person when a token is refreshed.
    async fn look_up(&self, steps: &mut Steps, database: &Database, person: &Person) -> Ended<()> {
        let Some(query) = &self.settings.queries.lookup else {
            let advice = "without a `lookup_query`, nobody notices that a person was disabled before \
                          they log in again";
            steps.add("look-up", Outcome::Doubtful(advice.to_owned()), &[]);
            return Ok(());
        };
        let facts = shown(query, &person.subject);
        let values = [(Placeholder::Subject, person.subject.as_str())];
        let answer = self.one(database, query, &values).await;
        let row = steps.attempt("look-up", &facts, answer)?;
        let found = row.map(|row| self.person(&row)).transpose();
        let outcome = match steps.attempt("look-up", &facts, found)? {
            None => Outcome::Failed("`lookup_query` does not find the person again".to_owned()),
            Some(found) if found.subject != person.subject => {
                Outcome::Failed("`lookup_query` finds somebody else".to_owned())
            }
            Some(found) if found.attributes != person.attributes => {
                let advice = "`lookup_query` tells other attributes than `query`; give both the same columns";
                Outcome::Doubtful(advice.to_owned())
            }
            Some(_) => Outcome::Passed,
        };
        steps.add("look-up", outcome, &facts);
        Ok(())
    }

    async fn log_in(
        &self,
        steps: &mut Steps,
        password: &Password,
        person: &Person,
        hash: Option<&str>,
    ) -> Ended<()> {
        let answer = self.verify(password, &person.subject, hash).await;
        let facts = match steps.attempt("login", &[], answer)? {
            Verdict::Wrong => {
                steps.add("login", Outcome::Failed("the password is wrong".to_owned()), &[]);
                return Err(Refusal::WrongCredentials(Some(person.subject.clone())));
            }
            Verdict::RightButOutdated if self.settings.queries.upgrade.is_some() => {
                vec![("hash", "a real login would replace it by argon2id".to_owned())]
            }
            Verdict::Right | Verdict::RightButOutdated => Vec::new(),
        };
        steps.add("login", Outcome::Passed, &facts);
        Ok(())
    }
}

fn shown(query: &Query, subject: &Subject) -> Vec<(&'static str, String)> {
    vec![("query", query.sql.clone()), (":subject", subject.to_string())]
}

#[async_trait]
impl Rehearsal for Tables {
    async fn rehearse(&self, username: &Username, password: Option<&Password>) -> Rehearsed {
        let mut steps = Steps::new();
        let outcome = self.trial(&mut steps, username, password).await;
        Rehearsed { steps: steps.into_steps(), outcome }
    }

    async fn probe(&self) -> Vec<Probe> {
        let began = Instant::now();
        let answer = self.database.reach().await;
        let outcome = answer.map(|()| "it answers".to_owned()).map_err(|fault| fault.to_string());
        vec![Probe { host: self.database.place.name(), outcome, took: began.elapsed() }]
    }

    async fn sample(&self) -> Vec<Step> {
        let mut steps = Steps::new();
        // How it ended shows in the last step.
        let _ = self.read_sample(&mut steps).await;
        steps.into_steps()
    }
}
