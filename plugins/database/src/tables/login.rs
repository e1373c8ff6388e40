//! A login, and the person in their absence.

use async_trait::async_trait;
use vestibule_plugin::{
    Directory, Identity, Password, PasswordLogin, Refusal, Subject, Unavailable, Username,
};

use super::query::Placeholder;
use super::{Tables, person};
use crate::hash::Verdict;

#[async_trait]
impl PasswordLogin for Tables {
    async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Identity, Refusal> {
        let query = &self.settings.queries.person;
        let values = [(Placeholder::Username, username.as_str())];
        let Some(row) = self.one(&self.database, query, &values).await? else {
            self.waste(password).await?;
            return Err(Refusal::Unknown);
        };
        let person = self.person(&row)?;
        let hash = person::hash(&row, &self.settings.columns).map_err(Unavailable::from)?;
        let verdict = self.verify(password, &person.subject, hash.as_deref()).await?;
        if verdict == Verdict::Wrong {
            return Err(Refusal::WrongCredentials(Some(person.subject)));
        }
        if let Some(refusal) = person.closed(true) {
            return Err(refusal);
        }
        if person.must_change {
            return Err(Refusal::PasswordExpired(Some(person.subject)));
        }
        let identity = self.identity(&self.database, &person, Some(username)).await?;
        if let (Verdict::RightButOutdated, Some(hash)) = (verdict, hash) {
            self.upgrade(&person.subject, password, &hash).await;
        }
        Ok(identity)
    }
}

#[async_trait]
impl Directory for Tables {
    async fn lookup(&self, subject: &Subject) -> Result<Identity, Refusal> {
        let query = self.settings.queries.lookup.as_ref();
        let query = query.ok_or_else(|| Unavailable::because("there is no `lookup_query`"))?;
        let values = [(Placeholder::Subject, subject.as_str())];
        let row = self.one(&self.database, query, &values).await?.ok_or(Refusal::Unknown)?;
        let person = self.person(&row)?;
        // MySQL finds the number 7 for '7 of 9', and 'A' for 'a'.
        if person.subject != *subject {
            return Err(Refusal::Unknown);
        }
        match person.closed(false) {
            Some(refusal) => Err(refusal),
            None => Ok(self.identity(&self.database, &person, None).await?),
        }
    }
}
