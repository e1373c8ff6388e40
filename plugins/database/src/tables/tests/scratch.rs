//! A database of its own for each test, with people in it, on all three kinds.
//!
//! `tests/run` starts the servers and says in the environment where they are.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Map, Value, json};

use crate::Tables;

/// bcrypt.hashpw(b"wonderland-1", bcrypt.gensalt(4)) of bcrypt 4.0.1.
pub(super) const ALICE_HASH: &str = "$2b$04$M9lp8CxFsj1nOEKNkOZrjOB1IE0YcKTZIldnpCH0fv9ivJMTtEhxO";
pub(super) const ALICE_PASSWORD: &str = "wonderland-1";

/// People as an application keeps them; `@…@` is what each database calls it.
const TABLES: &[&str] = &[
    "CREATE TABLE people (
        id @BIGINT@ PRIMARY KEY, login VARCHAR(190) NOT NULL UNIQUE, pw VARCHAR(600), mail VARCHAR(190),
        off SMALLINT DEFAULT 0, locked CHAR(1), expires_at @TIMESTAMP@ NULL, stale @BOOLEAN@,
        born DATE, photo @BYTES@, height NUMERIC(8, 3))",
    "CREATE TABLE memberships (person @BIGINT@ NOT NULL, name VARCHAR(80) NOT NULL)",
    "CREATE INDEX memberships_person ON memberships (person)",
];

/// The query of the tests: states as columns and as expressions.
pub(super) const COLUMNS: &str = "SELECT id, login AS username, pw AS password_hash, mail, off, locked, \
     expires_at < CURRENT_TIMESTAMP AS expired, stale, born, photo, height FROM people";

/// A database with a few people.
pub(super) struct Scratch {
    pub(super) url: String,
    pub(super) db: DatabaseConnection,
    folder: Option<PathBuf>,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Scratch {
    pub(super) async fn run(&self, sql: &str) {
        self.db.execute_unprepared(sql).await.unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    }

    /// The stored hash of a person.
    pub(super) async fn hash_of(&self, login: &str) -> String {
        let sql = format!("SELECT pw FROM people WHERE login = '{login}'");
        let statement = sea_orm::Statement::from_string(self.db.get_database_backend(), sql);
        self.db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "pw").unwrap()
    }

    /// The usual options, and more of them.
    pub(super) fn options(&self, more: &Value) -> Map<String, Value> {
        let mut options = json!({
            "url": self.url,
            "query": format!("{COLUMNS} WHERE lower(login) = :username"),
            "lookup_query": format!("{COLUMNS} WHERE id = :subject"),
            "groups_query": "SELECT name FROM memberships WHERE person = :subject ORDER BY name",
            "disabled": "off", "locked": "locked", "expired": "expired", "must_change": "stale",
            "hash_memory": 8, "hash_passes": 1, "hash_workers": 2, "hash_queue": 8,
        })
        .as_object()
        .unwrap()
        .clone();
        options.extend(more.as_object().unwrap().clone());
        options.retain(|_, value| !value.is_null());
        options
    }

    pub(super) fn open(&self, more: &Value) -> Tables {
        let wanted = ["mail", "groups", "born", "Photo", "height", "username", "absent"];
        let wanted = wanted.map(str::to_owned).to_vec();
        Tables::open(&self.options(more), wanted).unwrap_or_else(|bad| panic!("{bad}"))
    }

    async fn with_people(self, words: [&str; 4]) -> Self {
        let [bigint, timestamp, boolean, bytes] = words;
        for table in TABLES {
            let sql = table
                .replace("@BIGINT@", bigint)
                .replace("@TIMESTAMP@", timestamp)
                .replace("@BOOLEAN@", boolean)
                .replace("@BYTES@", bytes);
            self.run(&sql).await;
        }
        for (id, login) in [(1, "Alice"), (2, "bob"), (3, "carol"), (4, "o''hara")] {
            self.run(&format!(
                "INSERT INTO people (id, login, pw, mail) \
                 VALUES ({id}, '{login}', '{ALICE_HASH}', '{login}@example.com')"
            ))
            .await;
        }
        self.run("INSERT INTO memberships VALUES (1, 'staff'), (1, 'ops'), (2, 'guests')").await;
        self
    }
}

pub(super) async fn sqlite() -> Scratch {
    let folder = std::env::temp_dir().join(name());
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}/people.db", folder.display());
    let db = Database::connect(format!("{url}?mode=rwc")).await.unwrap();
    let scratch = Scratch { url, db, folder: Some(folder) };
    scratch.with_people(["INTEGER", "TIMESTAMP", "BOOLEAN", "BLOB"]).await
}

pub(super) async fn postgres() -> Scratch {
    server("VESTIBULE_TEST_POSTGRES")
        .await
        .with_people(["BIGINT", "TIMESTAMPTZ", "BOOLEAN", "BYTEA"])
        .await
}

pub(super) async fn mariadb() -> Scratch {
    server("VESTIBULE_TEST_MARIADB")
        .await
        .with_people(["BIGINT", "DATETIME", "BOOLEAN", "BLOB"])
        .await
}

async fn server(variable: &str) -> Scratch {
    let url = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run tests/run, which starts the servers")
    });
    let database = Database::connect(&url).await.unwrap();
    let name = name();
    database.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
    database.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    database.close().await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    let mut options = sea_orm::ConnectOptions::new(&url);
    options.max_connections(2);
    Scratch { db: Database::connect(options).await.unwrap(), url, folder: None }
}

fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("vestibule_tables_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Makes of each function a test on each database.
macro_rules! on_each_database {
    ($($name:ident)*) => {
        $crate::tables::tests::scratch::on_each_database!(@ sqlite $($name)*);
        $crate::tables::tests::scratch::on_each_database!(@ postgres $($name)*);
        $crate::tables::tests::scratch::on_each_database!(@ mariadb $($name)*);
    };
    (@ $database:ident $($name:ident)*) => {
        mod $database {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name($crate::tables::tests::scratch::$database().await).await;
                }
            )*
        }
    };
}
pub(super) use on_each_database;
