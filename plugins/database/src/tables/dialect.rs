//! Which database it is, as far as the text of a statement is concerned.

/// The three kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl Dialect {
    /// By the beginning of an address.
    pub(super) fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::Mysql),
            _ => None,
        }
    }

    /// The place of a value; `position` counts from one.
    pub(super) fn place(self, position: usize) -> String {
        match self {
            Self::Postgres => format!("${position}"),
            Self::Sqlite | Self::Mysql => "?".to_owned(),
        }
    }

    /// What would be another place for a value, were it written by hand.
    pub(super) fn foreign_place(self, code: &str) -> Option<&'static str> {
        let known: &[&'static str] = match self {
            Self::Sqlite => &["?", "@", "$"],
            Self::Mysql => &["?"],
            Self::Postgres => &["$"],
        };
        known.iter().copied().find(|place| code.contains(place))
    }
}
