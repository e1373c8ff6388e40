//! What is written to the table: a better hash of a password that was right, and the hash of a new one.
//!
//! Both only in the place of the hash that was verified: a password that was changed meanwhile stands.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use tracing::warn;
use vestibule_plugin::{
    NotChanged, Password, PasswordChange, Refusal, Subject, Unavailable, Username,
};

use super::query::{Placeholder, Query};
use super::{Tables, person};
use crate::hash::Verdict;

/// How long somebody whose password was right waits for a better hash of it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Tables {
    /// Puts an argon2id hash of the configured cost in the place of another, now that the password is
    /// at hand. A failure is no reason to refuse the login, nor is a row that somebody else keeps
    /// locked; the next one tries again.
    pub(super) async fn upgrade(&self, subject: &Subject, password: &Password, old_hash: &str) {
        let Some(query) = &self.settings.queries.upgrade else { return };
        let written = timeout(PATIENCE, self.write(query, subject, password, old_hash)).await;
        let late = |_| Err(Unavailable::because("it took too long"));
        if let Err(cause) = written.unwrap_or_else(late) {
            warn!(%cause, person = subject.as_str(), "the password hash was not renewed");
        }
    }

    /// Whether the old hash was still there.
    async fn write(
        &self,
        query: &Query,
        subject: &Subject,
        password: &Password,
        old_hash: &str,
    ) -> Result<bool, Unavailable> {
        let hash = self.settings.hasher.hash(password).await?;
        let values = [
            (Placeholder::Hash, hash.as_str()),
            (Placeholder::Subject, subject.as_str()),
            (Placeholder::OldHash, old_hash),
        ];
        match self.database.write(query, &values).await? {
            0 => Ok(false),
            1 => Ok(true),
            rows => Err(Unavailable::because(format!(
                "`{}` would change {rows} rows for one person, and changed none",
                query.option
            ))),
        }
    }
}

#[async_trait]
impl PasswordChange for Tables {
    async fn change(
        &self,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Result<(), NotChanged> {
        let write = self.settings.queries.change.as_ref();
        let write = write
            .ok_or_else(|| Refusal::from(Unavailable::because("there is no `password_write`")))?;
        let values = [(Placeholder::Username, username.as_str())];
        let query = &self.settings.queries.person;
        let row = self.one(&self.database, query, &values).await.map_err(Refusal::from)?;
        let row = row.ok_or(Refusal::Unknown)?;
        let person = self.person(&row).map_err(Refusal::from)?;
        let hash = person::hash(&row, &self.settings.columns)
            .map_err(|odd| Refusal::from(Unavailable::from(odd)))?;
        let wrong = || Refusal::WrongCredentials(Some(person.subject.clone()));
        let verdict = self.verify(current, &person.subject, hash.as_deref()).await;
        let (Verdict::Right | Verdict::RightButOutdated, Some(hash)) =
            (verdict.map_err(Refusal::from)?, hash)
        else {
            return Err(wrong().into());
        };
        if let Some(refusal) = person.closed(true) {
            return Err(refusal.into());
        }
        if current.expose() == new.expose() {
            return Err(NotChanged::Policy(
                "The new password must not be the present one.".to_owned(),
            ));
        }
        let written = self.write(write, &person.subject, new, &hash).await;
        // Somebody else was faster: the password that was typed is no longer the present one.
        if written.map_err(Refusal::from)? { Ok(()) } else { Err(wrong().into()) }
    }
}
