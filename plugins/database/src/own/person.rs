//! One row of the table `person`, and its attributes as JSON text.

use sea_orm::entity::prelude::*;
use vestibule_plugin::Attributes;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Random and permanent: the subject.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub username: String,
    /// A PHC string.
    pub password_hash: String,
    /// A JSON object: names to arrays of text.
    #[sea_orm(column_type = "Text")]
    pub attributes: String,
    pub disabled: bool,
    pub locked: bool,
    pub must_change: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// What is known of the person: the stored attributes and, where none of the name is stored,
    /// `username` and `updated_at` (in seconds).
    pub(crate) fn attributes(&self) -> Result<Attributes, serde_json::Error> {
        let mut attributes = from_json(&self.attributes)?;
        if attributes.first("username").is_none() {
            attributes.add("username", self.username.as_str());
        }
        if attributes.first("updated_at").is_none() {
            attributes.add("updated_at", self.updated_at.div_euclid(1000).to_string());
        }
        Ok(attributes)
    }
}

/// The stored form of attributes. Binary values have none: nobody can type them.
pub(crate) fn to_json(attributes: &Attributes) -> String {
    let object: serde_json::Map<_, _> = attributes
        .iter()
        .map(|(name, values)| {
            let texts = values.iter().filter_map(|value| value.as_text());
            (name.to_owned(), texts.map(serde_json::Value::from).collect())
        })
        .collect();
    serde_json::Value::Object(object).to_string()
}

pub(crate) fn from_json(text: &str) -> Result<Attributes, serde_json::Error> {
    let object: std::collections::BTreeMap<String, Vec<String>> = serde_json::from_str(text)?;
    Ok(object
        .into_iter()
        .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
        .collect())
}
