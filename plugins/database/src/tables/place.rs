//! Where a database is: an address that may hold a password, and is never shown with one.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use super::dialect::Dialect;
use super::parameters;
use crate::BadOption;

/// An address that was understood.
#[derive(Clone)]
pub(super) enum Place {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
    Mysql(Box<MySqlConnectOptions>),
}

impl Place {
    /// A file of SQLite is opened for reading alone, unless something is to be written.
    pub(super) fn parse(option: &str, url: &str, writes: bool) -> Result<Self, BadOption> {
        let bad = || {
            let examples = "sqlite:FILE, postgres://USER:PASSWORD@HOST/DATABASE or mysql://…, with %40 \
                            for an @ in a password";
            BadOption::new(option, format!("cannot be read; it must look like {examples}"))
        };
        let dialect = Dialect::of(url).ok_or_else(bad)?;
        parameters::check(option, url, dialect)?;
        match dialect {
            Dialect::Sqlite => {
                let options = SqliteConnectOptions::from_str(url).map_err(|_| bad())?;
                let options = options.create_if_missing(false).read_only(!writes);
                Ok(Self::Sqlite(Box::new(
                    options.busy_timeout(Duration::from_secs(3)).disable_statement_logging(),
                )))
            }
            Dialect::Postgres => {
                let options = PgConnectOptions::from_str(url).map_err(|_| bad())?;
                let options = options.application_name("vestibule");
                Ok(Self::Postgres(Box::new(options.disable_statement_logging())))
            }
            Dialect::Mysql => {
                let rest = url.split_once(':').map_or("", |(_, rest)| rest);
                let options =
                    MySqlConnectOptions::from_str(&format!("mysql:{rest}")).map_err(|_| bad())?;
                Ok(Self::Mysql(Box::new(options.disable_statement_logging())))
            }
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// For people: without user and password.
    pub(super) fn name(&self) -> String {
        let at = |kind: &str, host: &str, port: u16, database: Option<&str>| {
            format!("{kind}://{host}:{port}/{}", database.unwrap_or_default())
        };
        match self {
            Self::Sqlite(options) => format!("sqlite:{}", options.get_filename().display()),
            Self::Postgres(options) => {
                at("postgres", options.get_host(), options.get_port(), options.get_database())
            }
            Self::Mysql(options) => {
                at("mysql", options.get_host(), options.get_port(), options.get_database())
            }
        }
    }

    /// Whether everybody on the way could read the hashes, or pretend to be the database: its
    /// certificate is not checked, and it is not on this machine.
    pub(super) fn is_exposed(&self) -> bool {
        let local = |host: &str| {
            host == "localhost" || host.starts_with('/') || {
                host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
        };
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(options) => {
                let checked =
                    matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
                !checked && options.get_socket().is_none() && !local(options.get_host())
            }
            Self::Mysql(options) => {
                let checked = matches!(
                    options.get_ssl_mode(),
                    MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity
                );
                !checked && options.get_socket().is_none() && !local(options.get_host())
            }
        }
    }
}
