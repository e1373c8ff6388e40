//! What a query brought: rows of named cells, whatever database they came from.

use vestibule_plugin::{Unavailable, Value};

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Boolean(bool),
    /// In decimal digits.
    Number(String),
    Text(String),
    /// A date or a time, as ISO 8601 writes it.
    Time(String),
    Bytes(Vec<u8>),
    /// An array of PostgreSQL, or of JSON.
    Several(Vec<Self>),
    /// Of a type that is not read.
    Foreign(String),
}

/// One row, its cells in the order of the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row(pub(crate) Vec<(String, Cell)>);

/// What is wrong with a row, for the operator. Never with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Odd {
    #[error("the query has no column `{0}`")]
    Missing(String),
    #[error("the query has two columns `{0}`; name each column once")]
    Twice(String),
    #[error("the column `{0}` is NULL")]
    Null(String),
    #[error("the column `{column}` is {kind}; {remedy}")]
    Kind { column: String, kind: String, remedy: String },
}

impl From<Odd> for Unavailable {
    fn from(odd: Odd) -> Self {
        Self::because(odd)
    }
}

impl Row {
    /// The cell of a column; letter for letter, or else in another case, as databases fold names.
    pub(crate) fn find(&self, column: &str) -> Result<Option<&Cell>, Odd> {
        let exact = self.only(column, |name| name == column)?;
        match exact {
            Some(cell) => Ok(Some(cell)),
            None => self.only(column, |name| name.eq_ignore_ascii_case(column)),
        }
    }

    fn only(&self, column: &str, is: impl Fn(&str) -> bool) -> Result<Option<&Cell>, Odd> {
        let mut found = self.0.iter().filter(|(name, _)| is(name)).map(|(_, cell)| cell);
        let first = found.next();
        if found.next().is_some() {
            return Err(Odd::Twice(column.to_owned()));
        }
        Ok(first)
    }

    /// The cell of a column that must be there.
    pub(crate) fn cell(&self, column: &str) -> Result<&Cell, Odd> {
        self.find(column)?.ok_or_else(|| Odd::Missing(column.to_owned()))
    }
}

impl Cell {
    /// Text or a number, as text. `None` for NULL and for nothing but spaces.
    pub(crate) fn text(&self, column: &str) -> Result<Option<&str>, Odd> {
        match self {
            Self::Null => Ok(None),
            Self::Number(text) | Self::Text(text) => {
                Ok(Some(text.as_str()).filter(|text| !text.trim().is_empty()))
            }
            other => Err(other.odd(column, "write it as text in the query")),
        }
    }

    /// Whether a state holds. NULL is no; a comparison with NULL comes to that.
    pub(crate) fn holds(&self, column: &str) -> Result<bool, Odd> {
        let known = match self {
            Self::Null => Some(false),
            Self::Boolean(holds) => Some(*holds),
            Self::Number(number) => number.parse::<f64>().ok().map(|number| number != 0.0),
            Self::Text(word) => word_holds(word),
            Self::Bytes(bytes) => match bytes.as_slice() {
                [byte @ (0 | 1)] => Some(*byte == 1),
                _ => None,
            },
            Self::Time(_) | Self::Several(_) | Self::Foreign(_) => None,
        };
        known.ok_or_else(|| {
            let remedy =
                "compare it in the query, like `expires_at < CURRENT_TIMESTAMP AS expired`";
            self.odd(column, remedy)
        })
    }

    /// The values of an attribute. NULL and empty text are none.
    pub(crate) fn values(&self, column: &str) -> Result<Vec<Value>, Odd> {
        Ok(match self {
            Self::Null => Vec::new(),
            Self::Boolean(truth) => vec![Value::from(truth.to_string())],
            Self::Number(text) | Self::Text(text) | Self::Time(text) => Some(text)
                .filter(|text| !text.is_empty())
                .map(|text| text.as_str().into())
                .into_iter()
                .collect(),
            Self::Bytes(bytes) => vec![Value::from(bytes.clone())],
            Self::Several(cells) => {
                let values: Result<Vec<_>, _> =
                    cells.iter().map(|cell| cell.values(column)).collect();
                values?.into_iter().flatten().collect()
            }
            Self::Foreign(_) => return Err(self.odd(column, "write it as text in the query")),
        })
    }

    fn odd(&self, column: &str, remedy: &str) -> Odd {
        let kind = match self {
            Self::Null => "NULL".to_owned(),
            Self::Boolean(_) => "a boolean".to_owned(),
            Self::Number(_) => "a number".to_owned(),
            Self::Text(_) => "a text that is neither yes nor no".to_owned(),
            Self::Time(_) => "a date or a time".to_owned(),
            Self::Bytes(_) => "bytes".to_owned(),
            Self::Several(_) => "an array".to_owned(),
            Self::Foreign(kind) => format!("of the type {kind}, which is not read"),
        };
        Odd::Kind { column: column.to_owned(), kind, remedy: remedy.to_owned() }
    }
}

/// The scalars of a JSON array are several values; other JSON is its text.
pub(crate) fn json(text: &str) -> Cell {
    let Ok(serde_json::Value::Array(items)) = serde_json::from_str(text) else {
        return match serde_json::from_str(text) {
            Ok(item @ (serde_json::Value::String(_) | serde_json::Value::Null)) => scalar(item),
            _ => Cell::Text(text.to_owned()),
        };
    };
    Cell::Several(items.into_iter().map(scalar).collect())
}

fn scalar(item: serde_json::Value) -> Cell {
    match item {
        serde_json::Value::Null => Cell::Null,
        serde_json::Value::Bool(truth) => Cell::Boolean(truth),
        serde_json::Value::Number(number) => Cell::Number(number.to_string()),
        serde_json::Value::String(text) => Cell::Text(text),
        nested => Cell::Text(nested.to_string()),
    }
}

fn word_holds(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
        "" | "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}
