//! The contract and what is this backend's own, on SQLite, PostgreSQL and MariaDB.

mod accounts;
mod contract;
mod outages;
mod passwords;
mod rehearsals;
mod scratch;
mod values;

use vestibule_plugin::{Directory, Identity, Password, PasswordLogin, Refusal, Subject, Username};

use super::*;
use scratch::{Scratch, on_each_database};

fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text.to_owned()).unwrap()
}

fn subject(text: &str) -> Subject {
    Subject::parse(text).unwrap()
}

async fn log_in(tables: &Tables, name: &str, with: &str) -> Result<Identity, Refusal> {
    tables.authenticate(&username(name), &password(with)).await
}
