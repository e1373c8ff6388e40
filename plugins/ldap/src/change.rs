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
use tracing::warn;
use vestibule_plugin::{NotChanged, Password, PasswordChange, Refusal, Unavailable, Username};

use crate::Ldap;
use crate::asker::Asker;
use crate::flavour::{Flavour, Root};
use crate::login::Proof;
use crate::states::State;
use crate::wire::{Answer, Bound};

#[async_trait]
impl PasswordChange for Ldap {
    async fn change(
        &self,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Result<(), NotChanged> {
        let mut proof = self.prove(username, current).await?;
        let subject = proof.subject.clone();
        match proof.state {
            State::Open(_) | State::PasswordExpired => {}
            // LD4: the password of a closed account stays as it is.
            closed => return closed.admit(subject).map(drop).map_err(NotChanged::from),
        }
        if proof.bound.answer.code != 0 && self.settings.service.is_none() {
            return Err(Refusal::from(nobody_may()).into());
        }
        let root = &self.root_beside(&mut proof.bound).await.map_err(Refusal::from)?;
        let answer = if root.flavour == Flavour::ActiveDirectory {
            self.unicode_pwd(username, root, proof, current, new).await?
        } else {
            self.password_modify(root, proof, current, new).await.map_err(Refusal::from)?
        };
        reasons::read(&answer, subject)
    }
}

impl Ldap {
    async fn password_modify(
        &self,
        root: &Root,
        mut proof: Proof,
        current: &Password,
        new: &Password,
    ) -> Result<Answer, Unavailable> {
        let name = proof.name.as_str();
        let by_service = proof.bound.answer.code != 0;
        let mut owner = self.owner(&mut proof.bound);
        let answer = owner.password_modify(exop(name, current, new)).await?;
        // 389 hides why, and tells it where the change is made by hand.
        if answer.code == 19 && root.flavour == Flavour::Dirsrv {
            let [old, new] = [current, new].map(|password| password.expose().as_bytes());
            return owner.modify(name, exchange(b"userPassword", old, new)).await;
        }
        if answer.code == 0 && by_service {
            // The connection goes back before another one is asked for.
            let Proof { name, bound, .. } = proof;
            drop(bound);
            // The password is changed, whatever comes of this.
            if let Err(fault) = self.take_over(&name, new).await {
                let backend = self.backend.as_str();
                warn!(backend, %fault, "whether a changed password must be changed again is unknown");
            }
        }
        Ok(answer)
    }

    /// Some directories take a change by the service account for a reset, and want another one by the
    /// person: to the same password, if that may be. If not, the person is asked for another.
    async fn take_over(&self, name: &str, new: &Password) -> Result<(), Unavailable> {
        let mut bound = self.wire.bind(name, new).await?;
        if bound.answer.code == 0 && State::read(&bound.answer)? == State::PasswordExpired {
            bound.password_modify(exop(name, new, new)).await?;
        }
        Ok(())
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
    ) -> Result<Answer, Refusal> {
        if !self.wire.is_encrypted() {
            return Err(Unavailable::because(
                "Active Directory changes passwords over an encrypted connection only; set \
                 `security` to \"tls\" or \"starttls\"",
            )
            .into());
        }
        let dn = match proof.entry.take() {
            Some(entry) => entry.dn,
            None if self.binds_by_dn() => proof.name.clone(),
            None if proof.bound.answer.code == 0 => {
                self.read_back(username, root, &mut proof).await?.dn
            }
            // Whoever it is, the directory compares the present password again.
            None => {
                let asker = &mut Asker::Service(&self.wire);
                self.by_name(username, root, asker).await?.ok_or(Refusal::Unknown)?.dn
            }
        };
        let changes = exchange(b"unicodePwd", &quoted(current), &quoted(new));
        let answer = self.reader(&mut proof.bound).modify(&dn, changes).await?;
        Ok(answer)
    }

    /// Whoever changes the password: the person, if the bind has opened a connection.
    fn owner<'a>(&'a self, bound: &'a mut Bound) -> Asker<'a> {
        if bound.answer.code == 0 { Asker::Person(bound) } else { Asker::Service(&self.wire) }
    }
}

fn exop<'a>(name: &'a str, current: &'a Password, new: &'a Password) -> PasswordModify<'a> {
    PasswordModify {
        user_id: Some(name),
        old_pass: Some(current.expose()),
        new_pass: Some(new.expose()),
    }
}

/// One value for another, in one change.
fn exchange(attribute: &[u8], old: &[u8], new: &[u8]) -> Vec<Mod<Vec<u8>>> {
    let one = |value: &[u8]| HashSet::from([value.to_vec()]);
    vec![Mod::Delete(attribute.to_vec(), one(old)), Mod::Add(attribute.to_vec(), one(new))]
}

fn nobody_may() -> Unavailable {
    Unavailable::because(
        "a password has expired, or its last grace login is used up, so that the person cannot \
         change it, and there is no service account to do it for them: set `bind_dn` and \
         `bind_password`",
    )
}

/// In quotation marks and UTF-16LE.
fn quoted(password: &Password) -> Vec<u8> {
    format!("\"{}\"", password.expose()).encode_utf16().flat_map(u16::to_le_bytes).collect()
}
