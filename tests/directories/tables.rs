//! People of an application's own table, as a backend of type `sql` finds them, on each database: read by a
//! role that may do nothing but read, unless passwords are to be written.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use url::Url;
use vestibule_counterparts::{Proxy, password_of};

use super::configured::provider;
use super::outages::served_again;
use super::states::{are_told, look_alike};
use super::{attempt, groups, learnt, sign_on};
use crate::support::{Database, Fresh};

const OFFLINE: &str = "openid email offline_access";

/// The default of `attributes_fresh_for`, in seconds.
const FRESH: u64 = 60;

/// Name, state, and bcrypt of `NAME-Passw0rd`.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("alice", "open", "IYwU/MpxQcGhqcyu2Mllvnm7u12ouTC"),
    ("olga", "disabled", "91Sle1wyIbRprlfC2IGCrHnkEi3QZmK"),
    ("luca", "locked", "5NjP4NCfoOokYPfyyonUxItrHUWqoxC"),
    ("egon", "expired", "/KgEFapTVg6tA4tMTZoRK.Qm8wnQ6jy"),
    ("stina", "stale", "pui7EiGWfeARk6LxayCb1jyIQHfj2dG"),
];
const SALT: &str = "$2b$04$M9lp8CxFsj1nOEKNkOZrjO";

const TABLES: [&str; 2] = [
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, login VARCHAR(80) NOT NULL UNIQUE, full_name VARCHAR(80), \
     email VARCHAR(80), pw VARCHAR(200), state VARCHAR(80) NOT NULL)",
    "CREATE TABLE membership (customer_id INTEGER NOT NULL, name VARCHAR(80) NOT NULL)",
];

const READ: &str = "SELECT id, login, full_name, email, pw AS password_hash, \
     state = 'disabled' AS is_disabled, state = 'locked' AS is_locked, \
     state = 'expired' AS has_expired, state = 'stale' AS is_stale FROM customer";

/// Brings hashes up to date, and takes new passwords.
const WRITE: &str =
    "UPDATE customer SET pw = :hash, state = 'open' WHERE id = :subject AND pw = :old_hash";

/// The shop's database, and how a provider reaches it.
struct Shop {
    owner: DatabaseConnection,
    owner_url: Url,
    reader_url: Url,
    /// Its file, if it is one, goes with it.
    _database: Fresh,
}

impl Shop {
    async fn open(database: Database) -> Self {
        let fresh = database.fresh().await;
        let url = Url::parse(&fresh.url).unwrap();
        let writable = match database {
            Database::Sqlite => format!("{url}?mode=rwc"),
            _ => url.to_string(),
        };
        let owner = sea_orm::Database::connect(writable).await.unwrap();
        let mut shop = Self { owner, owner_url: url.clone(), reader_url: url, _database: fresh };
        for table in TABLES {
            shop.run(table).await;
        }
        for (id, (name, state, hash)) in PEOPLE.iter().enumerate() {
            shop.run(&format!(
                "INSERT INTO customer VALUES ({id}, '{name}', '{name} of the shop', '{name}@shop.test', \
                 '{SALT}{hash}', '{state}')"
            ))
            .await;
        }
        shop.run("INSERT INTO membership VALUES (0, 'buyers'), (0, 'testers')").await;
        shop.admit_a_reader(database).await;
        shop
    }

    async fn admit_a_reader(&mut self, database: Database) {
        let name = self.owner_url.path().trim_start_matches('/').to_owned();
        // As the name of the database, one of a kind.
        let role = format!("{name}_reader");
        match database {
            // Whoever has the file has it all; the backend opens it for reading.
            Database::Sqlite => return,
            Database::Postgres => {
                self.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'reader'")).await;
                self.run(&format!("GRANT SELECT ON customer, membership TO {role}")).await;
            }
            Database::Mariadb => {
                self.run(&format!("CREATE USER {role}@'127.0.0.1' IDENTIFIED BY 'reader'")).await;
                self.run(&format!("GRANT SELECT ON {name}.* TO {role}@'127.0.0.1'")).await;
            }
        }
        self.reader_url.set_username(&role).unwrap();
        self.reader_url.set_password(Some("reader")).unwrap();
    }

    async fn run(&self, sql: &str) {
        let done = self.owner.execute_unprepared(sql).await;
        done.unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    }

    async fn hash_of(&self, login: &str) -> String {
        let sql = format!("SELECT pw FROM customer WHERE login = '{login}'");
        let statement = sea_orm::Statement::from_string(self.owner.get_database_backend(), sql);
        self.owner.query_one_raw(statement).await.unwrap().unwrap().try_get("", "pw").unwrap()
    }
}

/// The backend by this address. More options go before the claims.
fn configuration(url: &Url, options: &str) -> String {
    format!(
        r#"
            [[backend]]
            name = "shop"
            type = "sql"
            url = "{url}"
            query = "{READ} WHERE lower(login) = :username"
            lookup_query = "{READ} WHERE id = :subject"
            groups_query = "SELECT name FROM membership WHERE customer_id = :subject"
            disabled = "is_disabled"
            locked = "is_locked"
            expired = "has_expired"
            must_change = "is_stale"
            patience = "5s"
            hash_memory = 8
            hash_passes = 1
            {options}
            [backend.claims]
            name = "full_name"
            email = "email"
            groups = ["groups"]
        "#
    )
}

/// Makes of each story one on each database.
macro_rules! on_each_database {
    ($($story:ident)*) => {
        mod sqlite { $( #[tokio::test] async fn $story() { super::$story(super::Database::Sqlite).await; } )* }
        mod postgres { $( #[tokio::test] async fn $story() { super::$story(super::Database::Postgres).await; } )* }
        mod mariadb { $( #[tokio::test] async fn $story() { super::$story(super::Database::Mariadb).await; } )* }
    };
}

on_each_database! {
    a_customer_signs_on_and_stays_the_same_person
    whoever_is_shut_out_is_out_within_a_minute
    strangers_are_told_nothing
    a_hash_is_brought_up_to_date_and_a_stale_password_changed
    while_the_table_is_away_nobody_is_refused
}

async fn a_customer_signs_on_and_stays_the_same_person(database: Database) {
    let shop = Shop::open(database).await;
    let (op, app) = provider(&[&configuration(&shop.reader_url, "")]).await;
    let alice = learnt(&op, &app, "alice").await;
    assert_eq!(alice["name"], "alice of the shop");
    assert_eq!(alice["email"], "alice@shop.test");
    assert_eq!(groups(&alice), ["buyers", "testers"].into());

    // Another name, another address and fewer groups, and still the same person.
    let tokens = sign_on(&op, &app, "alice", "openid email groups offline_access").await;
    shop.run("UPDATE customer SET login = 'alicia', email = 'new@shop.test' WHERE id = 0").await;
    shop.run("DELETE FROM membership WHERE name = 'testers'").await;
    op.time.pass_seconds(FRESH);
    let tokens = app.refresh(tokens.refresh_token()).await.tokens();
    let now = app.userinfo(&tokens.access_token).await.success();
    assert_eq!((&now["sub"], now["email"].as_str()), (&alice["sub"], Some("new@shop.test")));
    assert_eq!(groups(&now), ["buyers"].into());
    // Who gets the name is somebody else.
    let hash = PEOPLE[0].2;
    shop.run(&format!(
        "INSERT INTO customer VALUES (9, 'Alice', 'Another', 'a@shop.test', '{SALT}{hash}', 'open')"
    ))
    .await;
    let namesake = learnt(&op, &app, "alice").await;
    assert_eq!(namesake["name"], "Another");
    assert_ne!(namesake["sub"], alice["sub"]);
}

// RT4
async fn whoever_is_shut_out_is_out_within_a_minute(database: Database) {
    let shop = Shop::open(database).await;
    let (op, app) = provider(&[&configuration(&shop.reader_url, "")]).await;
    for state in ["disabled", "locked", "expired", "gone"] {
        shop.run("UPDATE customer SET state = 'open' WHERE id = 0").await;
        let tokens = sign_on(&op, &app, "alice", OFFLINE).await;
        let change = match state {
            "gone" => "DELETE FROM customer WHERE id = 0".to_owned(),
            _ => format!("UPDATE customer SET state = '{state}' WHERE id = 0"),
        };
        shop.run(&change).await;
        op.time.pass_seconds(FRESH);
        let userinfo = app.userinfo(&tokens.access_token).await;
        assert_eq!(userinfo.error(), "invalid_token", "{state}");
        let refreshed = app.refresh(tokens.refresh_token()).await;
        assert_eq!(refreshed.error(), "invalid_grant", "{state}");
    }
}

// EN1
async fn strangers_are_told_nothing(database: Database) {
    let shop = Shop::open(database).await;
    let (op, app) = provider(&[&configuration(&shop.reader_url, "")]).await;
    look_alike(&op, &app, &["alice", "olga", "luca", "egon", "stina"]).await;
    let told = [
        ("olga", Some("disabled")),
        ("luca", Some("locked")),
        ("egon", Some("expired")),
        ("stina", Some("must be changed")),
    ];
    are_told(&op, &app, &told).await;
}

async fn a_hash_is_brought_up_to_date_and_a_stale_password_changed(database: Database) {
    const NEW: &str = "Quite-another-1";
    let shop = Shop::open(database).await;
    let writes = format!("write_query = \"{WRITE}\"\npassword_write = \"{WRITE}\"");
    let (op, app) = provider(&[&configuration(&shop.owner_url, &writes)]).await;
    sign_on(&op, &app, "alice", OFFLINE).await;
    assert!(shop.hash_of("alice").await.starts_with("$argon2id$"));
    sign_on(&op, &app, "alice", OFFLINE).await;

    let page = op.browser().authorize(&app).log_in_with("stina", &password_of("stina")).await;
    let page = page.change_password("not the present one", NEW).await;
    assert_eq!(page.page().status, 403, "{}", page.page().text());
    let consent = page.change_password(&password_of("stina"), NEW).await;
    consent.press("#consent-allow").await.code();
    assert_eq!(attempt(&op, &app, "stina", &password_of("stina")).await.status, 403);
    op.browser().authorize(&app).log_in_with("stina", NEW).await.code();
}

async fn while_the_table_is_away_nobody_is_refused(database: Database) {
    let shop = Shop::open(database).await;
    let (op, app) = provider(&[&configuration(&shop.reader_url, "")]).await;
    let tokens = sign_on(&op, &app, "alice", OFFLINE).await;
    op.time.pass_seconds(FRESH);
    shop.run("ALTER TABLE customer RENAME TO gone").await;
    for name in ["alice", "nobody"] {
        assert_eq!(attempt(&op, &app, name, "wrong").await.status, 503, "{name}");
    }
    let refused = app.refresh(tokens.refresh_token()).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(!refused.header("retry-after").is_empty());
    shop.run("ALTER TABLE gone RENAME TO customer").await;
    served_again(&op, &app).await;
    app.refresh(tokens.refresh_token()).await.tokens();
}

async fn while_the_server_is_away_nobody_is_refused(database: Database) {
    let shop = Shop::open(database).await;
    let server = shop.reader_url.socket_addrs(|| None).unwrap()[0];
    let mut proxy = Proxy::to(server).await;
    let mut url = shop.reader_url.clone();
    url.set_port(Some(proxy.address().port())).unwrap();
    let (op, app) = provider(&[&configuration(&url, "")]).await;
    let tokens = sign_on(&op, &app, "alice", OFFLINE).await;
    op.time.pass_seconds(FRESH);
    proxy.kill().await;
    for name in ["alice", "nobody"] {
        assert_eq!(attempt(&op, &app, name, "wrong").await.status, 503, "{name}");
    }
    assert_eq!(app.refresh(tokens.refresh_token()).await.status, 503);
    proxy.revive().await;
    served_again(&op, &app).await;
    app.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn while_postgresql_is_away_nobody_is_refused() {
    while_the_server_is_away_nobody_is_refused(Database::Postgres).await;
}

#[tokio::test]
async fn while_mariadb_is_away_nobody_is_refused() {
    while_the_server_is_away_nobody_is_refused(Database::Mariadb).await;
}
