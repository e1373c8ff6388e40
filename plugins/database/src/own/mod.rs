//! People in Vestibule's own table: the backend of type `database`.
//!
//! A name is found letter for letter, as the host has normalised it. Whatever is wrong (no such name,
//! wrong password, disabled account), one password is hashed before the answer, so that the answers
//! take equally long.

mod change;
mod people;
mod person;
mod rehearsal;

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};
use tracing::warn;
use vestibule_plugin::{
    Backend, Directory, Identity, Login, Password, PasswordChange, PasswordLogin, Refusal,
    Rehearsal, Subject, Unavailable, Username,
};

use crate::{Hasher, Verdict};

pub use people::{Fault, NewPerson, Person};

/// The people of one table. Cheap to clone.
#[derive(Clone)]
pub struct People {
    /// Where reads go that decide something.
    read: DatabaseConnection,
    /// Where every write goes: on SQLite the one connection that writes.
    write: DatabaseConnection,
    hasher: Hasher,
    /// The attributes that are told of a person.
    wanted: Vec<String>,
}

impl People {
    /// The names of attributes that somebody asks for, and where the people are.
    pub fn open(
        read: DatabaseConnection,
        write: DatabaseConnection,
        hasher: Hasher,
        wanted: Vec<String>,
    ) -> Self {
        Self { read, write, hasher, wanted }
    }

    async fn by_name(&self, username: &Username) -> Result<Option<person::Model>, DbErr> {
        person::Entity::find()
            .filter(person::Column::Username.eq(username.as_str()))
            .one(&self.read)
            .await
    }

    fn identity(&self, person: &person::Model) -> Result<Identity, Refusal> {
        let subject = Subject::parse(person.id.as_str()).map_err(Unavailable::because)?;
        let all = person.attributes().map_err(Unavailable::because)?;
        let attributes = self
            .wanted
            .iter()
            .flat_map(|name| all.all(name).iter().map(move |value| (name.as_str(), value.clone())))
            .collect();
        Ok(Identity::new(subject, attributes))
    }

    /// Brings the stored hash up to the configured cost, now that the password is at hand.
    ///
    /// Only in place of the hash that was verified: a password set meanwhile stands. A failure is no
    /// reason to refuse the login; the next one tries again.
    async fn rehash(&self, person: &person::Model, password: &Password) {
        let outcome: Result<(), Box<dyn std::error::Error + Send + Sync>> = async {
            let hash = self.hasher.hash(password).await?;
            person::Entity::update_many()
                .col_expr(person::Column::PasswordHash, Expr::value(hash))
                .filter(person::Column::Id.eq(person.id.as_str()))
                .filter(person::Column::PasswordHash.eq(person.password_hash.as_str()))
                .exec(&self.write)
                .await?;
            Ok(())
        }
        .await;
        if let Err(cause) = outcome {
            warn!(cause, person = person.id, "the password hash was not renewed");
        }
    }
}

#[async_trait]
impl Backend for People {
    fn login(&self) -> Login<'_> {
        Login::Password(self)
    }

    fn directory(&self) -> Option<&dyn Directory> {
        Some(self)
    }

    fn password_change(&self) -> Option<&dyn PasswordChange> {
        Some(self)
    }

    fn rehearsal(&self) -> Option<&dyn Rehearsal> {
        Some(self)
    }

    async fn health(&self) -> Result<(), Unavailable> {
        self.read.ping().await.map_err(Unavailable::because)
    }
}

#[async_trait]
impl PasswordLogin for People {
    async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Identity, Refusal> {
        let Some(person) = self.by_name(username).await.map_err(Unavailable::because)? else {
            self.hasher.waste(password).await?;
            return Err(Refusal::Unknown);
        };
        let identity = self.identity(&person)?;
        let verdict = self.hasher.verify(password, &person.password_hash).await?;
        if verdict == Verdict::Wrong {
            return Err(Refusal::WrongCredentials(Some(identity.subject)));
        }
        if let Some(refusal) = closed(&person, &identity.subject, true) {
            return Err(refusal);
        }
        if person.must_change {
            return Err(Refusal::PasswordExpired(Some(identity.subject)));
        }
        if verdict == Verdict::RightButOutdated {
            self.rehash(&person, password).await;
        }
        Ok(identity)
    }
}

#[async_trait]
impl Directory for People {
    async fn lookup(&self, subject: &Subject) -> Result<Identity, Refusal> {
        let person = person::Entity::find_by_id(subject.as_str())
            .one(&self.read)
            .await
            .map_err(Unavailable::because)?
            .ok_or(Refusal::Unknown)?;
        match closed(&person, subject, false) {
            Some(refusal) => Err(refusal),
            None => self.identity(&person),
        }
    }
}

fn closed(person: &person::Model, subject: &Subject, proved: bool) -> Option<Refusal> {
    let subject = Some(subject.clone());
    if person.disabled {
        Some(Refusal::Disabled { proved, subject })
    } else if person.locked {
        Some(Refusal::Locked { proved, subject })
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
