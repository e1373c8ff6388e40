//! What an administrator does with the people of the table.
//!
//! Ids and times are arguments: this crate has no source of randomness for ids and no clock.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, SqlErr};
use vestibule_plugin::{Attributes, Password, Unavailable, Username};

use super::{People, person};

/// A person as an administrator sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub username: String,
    pub attributes: Attributes,
    pub disabled: bool,
    pub locked: bool,
    /// Whether the next login is refused until the password is changed.
    pub must_change: bool,
    /// In milliseconds since 1970, as is `updated_at`.
    pub created_at: i64,
    pub updated_at: i64,
}

/// A person to be added.
#[derive(Debug)]
pub struct NewPerson<'a> {
    /// Random, at least 128 bits, in at most 255 bytes. It is their subject for good.
    pub id: &'a str,
    pub username: &'a Username,
    pub password: &'a Password,
    pub attributes: &'a Attributes,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the name {0} is taken")]
    Taken(Username),
    #[error("nobody has the name {0}")]
    Unknown(Username),
    #[error("the attributes of {0} cannot be read: {1}")]
    Attributes(String, #[source] serde_json::Error),
    #[error(transparent)]
    Hasher(#[from] Unavailable),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl People {
    /// Adds a person with an open account.
    pub async fn add(&self, new: NewPerson<'_>, now: i64) -> Result<(), Fault> {
        let row = person::ActiveModel {
            id: Set(new.id.to_owned()),
            username: Set(new.username.to_string()),
            password_hash: Set(self.hasher.hash(new.password).await?),
            attributes: Set(person::to_json(new.attributes)),
            disabled: Set(false),
            locked: Set(false),
            must_change: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
        };
        match person::Entity::insert(row).exec_without_returning(&self.write).await {
            Ok(_) => Ok(()),
            Err(fault) => match fault.sql_err() {
                Some(SqlErr::UniqueConstraintViolation(_)) => {
                    Err(Fault::Taken(new.username.clone()))
                }
                _ => Err(fault.into()),
            },
        }
    }

    /// Everybody, by name.
    pub async fn list(&self) -> Result<Vec<Person>, Fault> {
        let rows =
            person::Entity::find().order_by_asc(person::Column::Username).all(&self.read).await?;
        rows.into_iter().map(Person::try_from).collect()
    }

    /// One person.
    pub async fn show(&self, username: &Username) -> Result<Person, Fault> {
        let row = self.by_name(username).await?;
        row.ok_or_else(|| Fault::Unknown(username.clone()))?.try_into()
    }

    /// Shuts an account: no login, and no refresh from the next look-up on.
    pub async fn disable(&self, username: &Username, now: i64) -> Result<(), Fault> {
        self.change(username, now, &[(person::Column::Disabled, true.into())]).await
    }

    /// Opens an account again, a locked one too.
    pub async fn enable(&self, username: &Username, now: i64) -> Result<(), Fault> {
        let open =
            [(person::Column::Disabled, false.into()), (person::Column::Locked, false.into())];
        self.change(username, now, &open).await
    }

    /// Sets another password, which need not be changed at the next login.
    pub async fn set_password(
        &self,
        username: &Username,
        password: &Password,
        now: i64,
    ) -> Result<(), Fault> {
        let hash = self.hasher.hash(password).await?;
        let fresh = [
            (person::Column::PasswordHash, hash.into()),
            (person::Column::MustChange, false.into()),
        ];
        self.change(username, now, &fresh).await
    }

    /// Puts these attributes in the place of all former ones.
    pub async fn set_attributes(
        &self,
        username: &Username,
        attributes: &Attributes,
        now: i64,
    ) -> Result<(), Fault> {
        let text = person::to_json(attributes);
        self.change(username, now, &[(person::Column::Attributes, text.into())]).await
    }

    /// Removes a person. Someone added later under the same name is another person.
    pub async fn remove(&self, username: &Username) -> Result<(), Fault> {
        let removed = person::Entity::delete_many()
            .filter(person::Column::Username.eq(username.as_str()))
            .exec(&self.write)
            .await?;
        found(username, removed.rows_affected)
    }

    pub(crate) async fn change(
        &self,
        username: &Username,
        now: i64,
        columns: &[(person::Column, sea_orm::Value)],
    ) -> Result<(), Fault> {
        let mut update = person::Entity::update_many()
            .col_expr(person::Column::UpdatedAt, Expr::value(now))
            .filter(person::Column::Username.eq(username.as_str()));
        for (column, value) in columns {
            update = update.col_expr(*column, Expr::value(value.clone()));
        }
        let updated = update.exec(&self.write).await?;
        found(username, updated.rows_affected)
    }
}

fn found(username: &Username, rows: u64) -> Result<(), Fault> {
    if rows == 0 { Err(Fault::Unknown(username.clone())) } else { Ok(()) }
}

impl TryFrom<person::Model> for Person {
    type Error = Fault;

    fn try_from(row: person::Model) -> Result<Self, Fault> {
        let attributes = person::from_json(&row.attributes)
            .map_err(|fault| Fault::Attributes(row.username.clone(), fault))?;
        Ok(Self {
            id: row.id,
            username: row.username,
            attributes,
            disabled: row.disabled,
            locked: row.locked,
            must_change: row.must_change,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
