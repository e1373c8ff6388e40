//! Somebody in their absence: found by subject, however they are called today and wherever their
//! entry has moved.

use async_trait::async_trait;
use vestibule_plugin::{Directory, Identity, Refusal, Subject};

use crate::asker::Asker;
use crate::{Ldap, subject};

#[async_trait]
impl Directory for Ldap {
    async fn lookup(&self, subject: &Subject) -> Result<Identity, Refusal> {
        let root = &self.root().await?;
        let asker = &mut Asker::Service(&self.wire);
        let entry = self.by_subject(subject, root, asker).await?.ok_or(Refusal::Unknown)?;
        // A directory may compare without case; subjects are compared byte by byte.
        if subject::of(&entry, self.subject(root))? != *subject {
            return Err(Refusal::Unknown);
        }
        if let Some(closed) = self.state(&entry, root, asker).await? {
            return Err(closed.refusal(subject.clone()));
        }
        self.identity(&entry, root, false, asker).await
    }
}
