//! The parameters of an address, behind its `?`.
//!
//! *Why they are compared with a list*: sqlx passes over what it does not know, so a misspelt word
//! would leave a connection open to all, and writes its value into the log.

use std::str::FromStr;

use sea_orm::sqlx::mysql::MySqlConnectOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use super::dialect::Dialect;
use crate::BadOption;

const SQLITE: &[&str] = &["mode", "cache", "immutable", "vfs"];

#[rustfmt::skip]
const POSTGRES: &[&str] = &[
    "sslmode", "sslrootcert", "sslcert", "sslkey", "ssl-mode", "ssl-root-cert", "ssl-ca", "ssl-cert",
    "ssl-key", "host", "hostaddr", "port", "dbname", "user", "password", "application_name", "options",
    "statement-cache-capacity",
];

// Without `timezone`: moments of the columns are read as of UTC.
#[rustfmt::skip]
const MYSQL: &[&str] = &[
    "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "sslmode", "sslca", "sslcert", "sslkey", "charset",
    "collation", "socket", "statement-cache-capacity",
];

/// Refuses a parameter that is not known, or whose value is not.
pub(super) fn check(option: &str, url: &str, dialect: Dialect) -> Result<(), BadOption> {
    if dialect != Dialect::Sqlite && url.contains('#') {
        return Err(BadOption::new(option, "has a `#`, behind which nothing is read; write %23"));
    }
    let Some((_, parameters)) = url.split_once('?') else { return Ok(()) };
    // A password with a question mark in it would be told.
    if parameters.contains('@') {
        let problem =
            "has an `@` behind a `?`; write %40 and %3F where they belong to a password or value";
        return Err(BadOption::new(option, problem));
    }
    let known = match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MYSQL,
    };
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        let setting = dialect == Dialect::Postgres && name.starts_with("options[");
        if !setting && !known.contains(&name) {
            let known = known.join("`, `");
            let problem = format!("has the parameter `{name}`, which is none of `{known}`");
            return Err(BadOption::new(option, problem));
        }
        if !is_understood(parameter, dialect) {
            let problem = format!("has a value of the parameter `{name}` that cannot be read");
            return Err(BadOption::new(option, problem));
        }
    }
    Ok(())
}

/// Whether a parameter would do if it stood alone.
fn is_understood(parameter: &str, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Sqlite => SqliteConnectOptions::from_str(&format!("sqlite:x?{parameter}")).is_ok(),
        Dialect::Postgres => {
            PgConnectOptions::from_str(&format!("postgres://x/?{parameter}")).is_ok()
        }
        Dialect::Mysql => MySqlConnectOptions::from_str(&format!("mysql://x/?{parameter}")).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> Option<String> {
        let checked = check("url", url, Dialect::of(url).unwrap());
        checked.err().map(|bad| bad.to_string())
    }

    #[test]
    fn known_parameters_are_taken() {
        for url in [
            "sqlite:people#1.db?mode=ro",
            "postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/ca.pem&options[search_path]=shop",
            "mariadb://u:p%3F%40@h/d?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem&charset=utf8mb4&",
            "mysql://h/d?",
        ] {
            assert_eq!(refused(url), None);
        }
    }

    // LD6
    #[test]
    fn a_misspelt_parameter_is_refused_by_its_name_alone() {
        for (url, problem) in [
            (
                "mysql://u:hunter2@h/d?ssl_mode=hunter2",
                "has the parameter `ssl_mode`, which is none of ",
            ),
            (
                "mysql://h/d?sslrootcert=hunter2",
                "has the parameter `sslrootcert`, which is none of ",
            ),
            ("postgres://h/d?a=b&passwort=hunter2", "has the parameter `a`, which is none of "),
            ("postgres://h/d?passwort=hunter2", "has the parameter `passwort`, which is none of "),
            ("postgres://h/d?SSLMODE=hunter2", "has the parameter `SSLMODE`, which is none of "),
            (
                "sqlite:x?mood=hunter2",
                "has the parameter `mood`, which is none of `mode`, `cache`, ",
            ),
            (
                "postgres://h/d?sslmode=hunter2",
                "has a value of the parameter `sslmode` that cannot be read",
            ),
            (
                "mysql://h/d?sslmode=hunter2",
                "has a value of the parameter `sslmode` that cannot be read",
            ),
            ("mysql://u:1?hunter2@h/d", "has an `@` behind a `?`; "),
            ("mysql://h/d#?ssl-mode=hunter2", "has a `#`, behind which nothing is read; write %23"),
        ] {
            let told = refused(url).unwrap_or_else(|| panic!("{url} was taken"));
            assert!(told.starts_with(&format!("`url` {problem}")), "{url}: {told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
