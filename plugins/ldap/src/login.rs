//! Logging in: a search by name and a bind as whoever was found, or a bind by a template.
//!
//! By a template nobody is searched for before the bind, so an unknown name looks like a wrong
//! password. Afterwards the entry is read by the service account, if there is one, so that a login
//! tells what a look-up tells; otherwise by the person.
//!
//! *Why* an unknown name is not bound for the sake of time: a directory refuses a name that it does not
//! have before it computes any hash, so that the bind would hide nothing, and a bind as somebody else
//! would count against them. The host answers all refusals in equal steps. EN1

use async_trait::async_trait;
use tracing::{info, warn};
use vestibule_plugin::{
    Identity, Password, PasswordLogin, PasswordWarning, Refusal, Subject, Unavailable, Username,
};

use crate::asker::Asker;
use crate::entry::Entry;
use crate::escape::filter_bytes;
use crate::flavour::{Flavour, Root};
use crate::settings::Scope;
use crate::states::State;
use crate::wire::{Bound, Search};
use crate::{Ldap, dn, subject, template};

/// What a bind has shown.
pub(crate) struct Proof {
    /// The name by which it was made: a DN, or what Active Directory takes for one.
    pub(crate) name: String,
    /// The entry, if it was searched for.
    pub(crate) entry: Option<Entry>,
    pub(crate) subject: Option<Subject>,
    pub(crate) state: State,
    /// The connection on which it was made.
    pub(crate) bound: Bound,
}

#[async_trait]
impl PasswordLogin for Ldap {
    async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Identity, Refusal> {
        let mut proof = self.prove(username, password).await?;
        let warning = proof.state.admit(proof.subject.take())?;
        let root = &self.root_beside(&mut proof.bound).await?;
        let mut identity = match proof.entry.take() {
            Some(entry) => {
                // The connection goes back before the groups are searched.
                drop(proof);
                self.identity(&entry, root, true, &mut Asker::Service(&self.wire)).await?
            }
            None => {
                let entry = self.read_back(username, root, &mut proof).await?;
                self.identity(&entry, root, true, &mut self.reader(&mut proof.bound)).await?
            }
        };
        identity.warning = warning;
        self.tell(&identity);
        Ok(identity)
    }
}

impl Ldap {
    /// Binds as the person, and says how that ended.
    pub(crate) async fn prove(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Proof, Refusal> {
        let (name, entry, subject) = match &self.settings.people.bind_as {
            Some(template) => (template::bind_name(template, username.as_str()), None, None),
            None => {
                let root = &self.root().await?;
                let asker = &mut Asker::Service(&self.wire);
                let entry = self.by_name(username, root, asker).await?.ok_or(Refusal::Unknown)?;
                let subject = subject::of(&entry, self.subject(root))?;
                (entry.dn.clone(), Some(entry), Some(subject))
            }
        };
        // LD1: a bind without a name is anonymous, whatever the password. `@x` has no local part.
        if name.is_empty() {
            return Err(Refusal::WrongCredentials(None));
        }
        let bound = self.wire.bind(&name, password).await?;
        let state = State::read(&bound.answer)?;
        Ok(Proof { name, entry, subject, state, bound })
    }

    /// The entry of whoever has bound by a template.
    pub(crate) async fn read_back(
        &self,
        username: &Username,
        root: &Root,
        proof: &mut Proof,
    ) -> Result<Entry, Refusal> {
        let found = if self.binds_by_dn() {
            let filter = self.settings.people.filter.as_deref();
            let filter = filter.map(|filter| template::filter(filter, username.as_str()));
            let filter = filter.as_deref().unwrap_or("(objectClass=*)");
            // Whom a look-up would not find would be signed out by the first one.
            if !dn::is_below(&proof.name, &self.settings.people.base) {
                return Err(Unavailable::because(format!(
                    "`bind_as` leads to {}, which is not below `base`",
                    proof.name
                ))
                .into());
            }
            self.by_dn(&proof.name, filter, root, &mut self.reader(&mut proof.bound)).await?
        } else {
            // The token alone tells who it is; a filter of the operator's is asked as well.
            let filter = match &self.settings.people.filter {
                Some(filter) => Some(template::filter(filter, username.as_str())),
                None => self.anybody(root),
            };
            let token = token(root, &mut proof.bound).await?;
            let filter = format!("(&{}{token})", filter.unwrap_or_default());
            self.find(&filter, &self.asked(root), &mut self.reader(&mut proof.bound)).await?
        };
        match found {
            Some(entry) => Ok(entry),
            // The password is right, and they are none of the people whom the filter finds.
            None if self.settings.people.filter.is_some() => {
                Err(Refusal::Disabled { proved: true, subject: None })
            }
            None => Err(Unavailable::because(format!(
                "{} has bound, and neither they nor the service account may read the entry below \
                 `base`",
                proof.name
            ))
            .into()),
        }
    }

    /// Whoever reads the entry of somebody who has bound.
    pub(crate) fn reader<'a>(&'a self, bound: &'a mut Bound) -> Asker<'a> {
        match self.settings.service {
            Some(_) => Asker::Service(&self.wire),
            None => Asker::Person(bound),
        }
    }

    pub(crate) fn binds_by_dn(&self) -> bool {
        self.settings.people.bind_as.as_deref().is_some_and(template::is_dn)
    }

    fn tell(&self, identity: &Identity) {
        let (backend, subject) = (self.backend.as_str(), identity.subject.as_str());
        match identity.warning {
            Some(PasswordWarning::Expires(time)) => {
                info!(backend, subject, seconds = time.as_secs(), "a password expires soon");
            }
            Some(PasswordWarning::GraceLogins(left)) => {
                warn!(backend, subject, left, "a password has expired, and few logins are left");
            }
            None => {}
        }
    }
}

/// The filter that finds whoever has bound, and nobody else.
///
/// *Why* not by the name alone: Active Directory takes `alice@corp.example` for the one who has it as
/// `userPrincipalName` rather than for the one whose `sAMAccountName` is `alice`, and whoever may write
/// the first could be taken for the second, and the second for nobody. The token is the server's own word.
async fn token(root: &Root, bound: &mut Bound) -> Result<String, Unavailable> {
    if root.flavour != Flavour::ActiveDirectory {
        return Err(Unavailable::because(
            "only Active Directory takes a name like that of `bind_as`; write a DN",
        ));
    }
    let (filter, attributes) = ("(objectClass=*)", &["tokenGroups"]);
    let search = Search { base: "", scope: Scope::Base, filter, attributes, limit: 1 };
    let token = Asker::Person(bound).search(&search).await?.pop().unwrap_or_default();
    // The person's own SID and those of the groups, none of which is a user.
    let sids = token.bytes("tokenGroups").iter();
    let sids: String = sids.map(|sid| format!("(objectSid={})", filter_bytes(sid))).collect();
    if sids.is_empty() {
        return Err(Unavailable::because("the directory does not tell who has bound"));
    }
    Ok(format!("(objectClass=user)(|{sids})"))
}
