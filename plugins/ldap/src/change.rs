//! A change of password: RFC 3062 where it is known, `unicodePwd` in Active Directory
//! (MS-ADTS §3.1.1.3.1.5).
//!
//! The present password is proved by a bind first, so that nobody changes the password of an account
//! that is closed. Where the bind opens a connection, the person changes it there; where an expired
//! password opens none, the service account asks on their behalf and gives both passwords, so that
//! the directory checks the old one again and keeps to its policy.

mod reasons;

use std::collections::HashSet;

use async_trait::async_trait;
use ldap3::Mod;
use ldap3::exop::PasswordModify;
use vestibule_plugin::{NotChanged, Password, PasswordChange, Refusal, Unavailable, Username};

use crate::flavour::{Flavour, Root};
use crate::login::Proof;
use crate::states::State;
use crate::wire::Answer;
use crate::{Ldap, template};

#[async_trait]
impl PasswordChange for Ldap {
    async fn change(
        &self,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Result<(), NotChanged> {
        let root = self.root().await.map_err(Refusal::from)?;
        let proof = self.prove(username, current, root).await?;
        let subject = proof.subject.clone();
        if !matches!(proof.state, State::Open(_) | State::PasswordExpired) {
            // LD4: a closed account stays as it is.
            proof.state.admit(subject)?;
            return Ok(());
        }
        let answer = if root.flavour == Flavour::ActiveDirectory {
            self.unicode_pwd(username, root, proof, current, new).await
        } else {
            self.password_modify(proof, current, new).await
        };
        reasons::read(&answer.map_err(Refusal::from)?, subject)
    }
}

impl Ldap {
    async fn password_modify(
        &self,
        mut proof: Proof,
        current: &Password,
        new: &Password,
    ) -> Result<Answer, Unavailable> {
        let exop = PasswordModify {
            user_id: Some(&proof.name),
            old_pass: Some(current.expose()),
            new_pass: Some(new.expose()),
        };
        if proof.bound.answer.code == 0 {
            proof.bound.password_modify(exop).await
        } else if self.settings.service.is_some() {
            self.wire.password_modify(exop).await
        } else {
            Err(nobody_may())
        }
    }

    /// The old value is deleted and the new one added, in one change: that is how a person changes it,
    /// and an administrator's way to overrule the policy would be to replace it.
    async fn unicode_pwd(
        &self,
        username: &Username,
        root: &Root,
        mut proof: Proof,
        current: &Password,
        new: &Password,
    ) -> Result<Answer, Unavailable> {
        if !self.wire.is_encrypted() {
            return Err(Unavailable::because(
                "Active Directory changes passwords over an encrypted connection only; set \
                 `security` to \"tls\" or \"starttls\"",
            ));
        }
        let dn = match proof.entry.take() {
            Some(entry) => entry.dn,
            None if template::is_dn(&proof.name) => proof.name.clone(),
            None => {
                let asker = &mut self.reader(&mut proof.bound);
                let entry = self.by_name(username, root, asker).await?;
                entry.ok_or_else(nobody_may)?.dn
            }
        };
        let one = |password| HashSet::from([quoted(password)]);
        let attribute = b"unicodePwd".to_vec();
        let changes =
            vec![Mod::Delete(attribute.clone(), one(current)), Mod::Add(attribute, one(new))];
        if self.settings.service.is_some() {
            self.wire.modify(&dn, changes).await
        } else if proof.bound.answer.code == 0 {
            proof.bound.modify(&dn, changes).await
        } else {
            Err(nobody_may())
        }
    }
}

fn nobody_may() -> Unavailable {
    Unavailable::because(
        "a password has expired, so that the person cannot change it, and there is no service \
         account to do it for them: set `bind_dn` and `bind_password`",
    )
}

/// In quotation marks and UTF-16LE.
fn quoted(password: &Password) -> Vec<u8> {
    format!("\"{}\"", password.expose()).encode_utf16().flat_map(u16::to_le_bytes).collect()
}
