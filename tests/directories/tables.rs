//! People of another product's table, on PostgreSQL, MariaDB and SQLite: read as they are, by a role that may
//! do nothing but read.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use url::Url;
use vestibule_counterparts::{Proxy, password_of};

use super::configured::provider;
use super::states::{are_told, look_alike};
use super::{attempt, groups, learnt, sign_on};
use crate::support::Database;

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
     email VARCHAR(80), pw VARCHAR(80), state VARCHAR(80) NOT NULL)",
    "CREATE TABLE membership (customer_id INTEGER NOT NULL, name VARCHAR(80) NOT NULL)",
];

/// The shop's database, and how a provider reaches it.
struct Shop {
    owner: DatabaseConnection,
    /// As the role that only reads.
    url: Url,
}

impl Shop {
    async fn open(database: Database) -> (Self, impl Sized) {
        let fresh = database.fresh().await;
        let mut url = Url::parse(&fresh.url).unwrap();
        let owner = sea_orm::Database::connect(match database {
            Database::Sqlite => format!("{url}?mode=rwc"),
            _ => url.to_string(),
        });
        let shop = Self { owner: owner.await.unwrap(), url: url.clone() };
        for table in TABLES {
            shop.run(table).await;
        }
        for (id, (name, state, hash)) in PEOPLE.iter().enumerate() {
            shop.run(&format!(
                "INSERT INTO customer VALUES ({id}, '{name}', '{name} of the shop', '{name}@shop.test', '{SALT}{hash}', '{state}')"
            ))
            .await;
        }
        shop.run("INSERT INTO membership VALUES (0, 'buyers'), (0, 'testers')").await;
        // The name of the database is one of a kind.
        let role = format!("reader_{}", url.path().rsplit('_').next().unwrap());
        let name = url.path().trim_start_matches('/');
        match database {
            Database::Sqlite => return (Self { url, ..shop }, fresh),
            Database::Postgres => {
                shop.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'reader'")).await;
                shop.run(&format!("GRANT SELECT ON customer, membership TO {role}")).await;
            }
            Database::Mariadb => {
                let role = format!("{role}@'127.0.0.1'");
                shop.run(&format!("CREATE USER {role} IDENTIFIED BY 'reader'")).await;
                shop.run(&format!("GRANT SELECT ON {name}.* TO {role}")).await;
            }
        }
        url.set_username(&role).unwrap();
        url.set_password(Some("reader")).unwrap();
        (Self { url, ..shop }, fresh)
    }

    async fn run(&self, statement: &str) {
        self.owner.execute_unprepared(statement).await.unwrap();
    }

    fn backend(&self, url: &Url) -> String {
        const READ: &str = "SELECT id, login, full_name, email, pw AS password_hash, \
             state = 'disabled' AS is_disabled, state = 'locked' AS is_locked, \
             state = 'expired' AS has_expired, state = 'stale' AS is_stale FROM customer";
        format!(
            r#"
                [[backend]]
                name = "shop"
                type = "sql"
                url = "{url}"
                query = "{READ} WHERE login = :username"
                lookup_query = "{READ} WHERE id = :subject"
                groups_query = "SELECT name FROM membership WHERE customer_id = :subject"
                disabled = "is_disabled"
                locked = "is_locked"
                expired = "has_expired"
                must_change = "is_stale"
                patience = "2s"
                [backend.claims]
                name = "full_name"
                email = "email"
                groups = ["groups"]
            "#
        )
    }
}

async fn story(database: Database) {
    let (shop, _kept) = Shop::open(database).await;
    let (op, app) = provider(&[&shop.backend(&shop.url)]).await;
    let alice = learnt(&op, &app, "alice").await;
    assert_eq!(alice["name"], "alice of the shop");
    assert_eq!(alice["email"], "alice@shop.test");
    assert_eq!(groups(&alice), ["buyers", "testers"].into());

    // EN1
    look_alike(&op, &app, &["alice", "olga", "luca", "egon", "stina"]).await;
    let told = [
        ("olga", Some("disabled")),
        ("luca", Some("locked")),
        ("egon", Some("expired")),
        ("stina", Some("must be changed")),
    ];
    are_told(&op, &app, &told).await;

    // Another name and another address, and still the same person.
    let tokens = sign_on(&op, &app, "alice", "openid email offline_access").await;
    shop.run("UPDATE customer SET login = 'alicia', email = 'new@shop.test' WHERE id = 0").await;
    op.time.pass_seconds(60);
    let tokens = app.refresh(tokens.refresh_token()).await.tokens();
    let userinfo = app.userinfo(&tokens.access_token).await.success();
    assert_eq!(
        (&userinfo["sub"], userinfo["email"].as_str()),
        (&alice["sub"], Some("new@shop.test"))
    );

    // RT4
    shop.run("UPDATE customer SET state = 'disabled' WHERE id = 0").await;
    op.time.pass_seconds(60);
    assert_eq!(app.userinfo(&tokens.access_token).await.error(), "invalid_token");
    assert_eq!(app.refresh(tokens.refresh_token()).await.error(), "invalid_grant");
}

#[tokio::test]
async fn somebody_of_a_table_of_sqlite_signs_on() {
    story(Database::Sqlite).await;
}

#[tokio::test]
async fn somebody_of_a_table_of_postgresql_signs_on() {
    story(Database::Postgres).await;
}

#[tokio::test]
async fn somebody_of_a_table_of_mariadb_signs_on() {
    story(Database::Mariadb).await;
}

// EN1, RT4: the same as with a directory that is down.
async fn outage(database: Database) {
    let (shop, _kept) = Shop::open(database).await;
    let server = shop.url.socket_addrs(|| None).unwrap()[0];
    let mut proxy = Proxy::to(server).await;
    let mut url = shop.url.clone();
    url.set_port(Some(proxy.address().port())).unwrap();
    let (op, app) = provider(&[&shop.backend(&url)]).await;
    let tokens = sign_on(&op, &app, "alice", "openid offline_access").await;
    op.time.pass_seconds(60);
    proxy.kill().await;
    for (name, password) in [("alice", password_of("alice")), ("nobody", "wrong".to_owned())] {
        assert_eq!(attempt(&op, &app, name, &password).await.status, 503, "{name}");
    }
    let refused = app.refresh(tokens.refresh_token()).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(!refused.header("retry-after").is_empty());
    proxy.revive().await;
    super::outages::served_again(&op, &app).await;
    app.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn while_postgresql_is_away_people_are_told_to_come_back() {
    outage(Database::Postgres).await;
}

#[tokio::test]
async fn while_mariadb_is_away_people_are_told_to_come_back() {
    outage(Database::Mariadb).await;
}
