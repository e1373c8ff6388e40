//! People of an application's own table, as a backend of type `sql` finds them: on each database, the
//! whole provider, configured as an administrator would.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::json;

use crate::support::{App, Database, Fresh, Op, Page, Registration, Tokens};

/// bcrypt.hashpw(b"wonderland-1", bcrypt.gensalt(4)) of bcrypt 4.0.1.
const HASH: &str = "$2b$04$M9lp8CxFsj1nOEKNkOZrjOB1IE0YcKTZIldnpCH0fv9ivJMTtEhxO";
const PASSWORD: &str = "wonderland-1";

const SCOPE: &str = "openid profile email offline_access groups";

/// The default of `attributes_fresh_for`, in seconds.
const FRESH: u64 = 60;

/// A shop with its customers, and a provider that lets them in.
struct Shop {
    op: Op,
    app: App,
    customers: DatabaseConnection,
    /// Its file, if it is one, goes with it.
    _database: Fresh,
}

impl Shop {
    async fn open(database: Database) -> Self {
        let database = database.fresh().await;
        let url = database.url.clone();
        let writable =
            if url.starts_with("sqlite") { format!("{url}?mode=rwc") } else { url.clone() };
        let customers = sea_orm::Database::connect(writable).await.unwrap();
        for sql in [
            "CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(120) UNIQUE, \
             full_name VARCHAR(120), pw VARCHAR(200), active SMALLINT, stale SMALLINT)",
            "CREATE TABLE membership (customer_id INTEGER, name VARCHAR(40))",
            &format!(
                "INSERT INTO customer VALUES (7, 'Alice@example.test', 'Alice Adams', '{HASH}', 1, 0), \
                 (8, 'bob@example.test', 'Bob Builder', '{HASH}', 1, 0), \
                 (9, 'carol@example.test', 'Carol', '{HASH}', 0, 0)"
            ),
            "INSERT INTO membership VALUES (7, 'gold'), (7, 'press'), (9, 'gold')",
        ] {
            customers.execute_unprepared(sql).await.unwrap();
        }
        let op = Op::with_config(&configuration(&url)).await;
        let app = op.app(Registration::web().with("scope", json!(SCOPE))).await;
        Self { op, app, customers, _database: database }
    }

    async fn run(&self, sql: &str) {
        self.customers
            .execute_unprepared(sql)
            .await
            .unwrap_or_else(|fault| panic!("{sql}: {fault}"));
    }

    async fn hash_of(&self, id: u32) -> String {
        let sql = format!("SELECT pw FROM customer WHERE id = {id}");
        let statement = sea_orm::Statement::from_string(self.customers.get_database_backend(), sql);
        self.customers.query_one_raw(statement).await.unwrap().unwrap().try_get("", "pw").unwrap()
    }

    async fn attempt(&self, name: &str, password: &str) -> Page {
        self.op.browser().authorize(&self.app).log_in_with(name, password).await.page().clone()
    }

    async fn sign_on(&self, name: &str, password: &str) -> Tokens {
        let request = self.app.request().scope(SCOPE).prompt("consent");
        let consent = self.op.browser().authorize(request).log_in_with(name, password).await;
        let code = consent.press("#consent-allow").await.code();
        self.app.redeem(&code).await.tokens()
    }
}

fn configuration(url: &str) -> String {
    let columns =
        "id, lower(email) AS email, full_name, CASE active WHEN 1 THEN 0 ELSE 1 END AS off, stale";
    let write = "UPDATE customer SET pw = :hash, stale = 0 WHERE id = :subject AND pw = :old_hash";
    format!(
        r#"
            [authorization.scopes]
            groups = "read the names of your groups"
            [[backend]]
            name = "shop"
            type = "sql"
            url = "{url}"
            query = "SELECT {columns}, pw AS password_hash FROM customer WHERE lower(email) = :username"
            lookup_query = "SELECT {columns} FROM customer WHERE id = :subject"
            groups_query = "SELECT name FROM membership WHERE customer_id = :subject ORDER BY name"
            write_query = "{write}"
            password_write = "{write}"
            disabled = "off"
            must_change = "stale"
            hash_memory = 8
            hash_passes = 1
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
    while_the_table_is_away_nobody_is_refused
    a_stale_password_is_changed_on_the_way_in
}

async fn a_customer_signs_on_and_stays_the_same_person(database: Database) {
    let shop = Shop::open(database).await;
    let tokens = shop.sign_on("ALICE@example.test", PASSWORD).await;
    let alice = shop.app.userinfo(&tokens.access_token).await.success();
    assert_eq!(alice["name"], "Alice Adams");
    assert_eq!(alice["email"], "alice@example.test");
    assert_eq!(alice["groups"], json!(["gold", "press"]));
    assert!(shop.hash_of(7).await.starts_with("$argon2id$"), "the hash was brought up to date");

    shop.run(
        "UPDATE customer SET email = 'adams@example.test', full_name = 'A. Adams' WHERE id = 7",
    )
    .await;
    shop.run("DELETE FROM membership WHERE name = 'gold'").await;
    shop.op.time.pass_seconds(FRESH);
    let looked_up = shop.app.userinfo(&tokens.access_token).await.success();
    assert_eq!((&looked_up["sub"], &looked_up["groups"]), (&alice["sub"], &json!(["press"])));
    let again = shop.sign_on("adams@example.test", PASSWORD).await;
    let again = shop.app.userinfo(&again.access_token).await.success();
    assert_eq!((&again["sub"], &again["name"]), (&alice["sub"], &json!("A. Adams")));
    let bob = shop.sign_on("bob@example.test", PASSWORD).await;
    assert_ne!(shop.app.userinfo(&bob.access_token).await.success()["sub"], alice["sub"]);
}

// RT4
async fn whoever_is_shut_out_is_out_within_a_minute(database: Database) {
    let shop = Shop::open(database).await;
    for (name, change) in [
        ("alice@example.test", "UPDATE customer SET active = 0 WHERE id = 7"),
        ("bob@example.test", "DELETE FROM customer WHERE id = 8"),
    ] {
        let tokens = shop.sign_on(name, PASSWORD).await;
        shop.run(change).await;
        shop.op.time.pass_seconds(FRESH);
        let userinfo = shop.app.userinfo(&tokens.access_token).await;
        assert_eq!(userinfo.error(), "invalid_token", "{name}");
        assert_eq!(
            shop.app.refresh(tokens.refresh_token()).await.error(),
            "invalid_grant",
            "{name}"
        );
    }
}

// EN1
async fn strangers_are_told_nothing(database: Database) {
    let shop = Shop::open(database).await;
    let nobody = shop.attempt("nobody@example.test", "a wrong password").await;
    assert_eq!(nobody.status, 403);
    let expected = nobody.told_to_strangers("nobody@example.test");
    for name in ["alice@example.test", "carol@example.test"] {
        let page = shop.attempt(name, "a wrong password").await;
        assert!(page.told_to_strangers(name) == expected, "{name}: {}", page.text());
    }
    let owner = shop.attempt("carol@example.test", PASSWORD).await;
    assert!(owner.text().contains("disabled"), "{}", owner.text());
}

async fn while_the_table_is_away_nobody_is_refused(database: Database) {
    let shop = Shop::open(database).await;
    let tokens = shop.sign_on("alice@example.test", PASSWORD).await;
    shop.run("ALTER TABLE customer RENAME TO gone").await;
    shop.op.time.pass_seconds(FRESH);
    for name in ["alice@example.test", "nobody@example.test"] {
        assert_eq!(shop.attempt(name, PASSWORD).await.status, 503, "{name}");
    }
    let refreshed = shop.app.refresh(tokens.refresh_token()).await;
    assert_eq!(refreshed.status, 503, "{}", refreshed.body);
    shop.run("ALTER TABLE gone RENAME TO customer").await;
    shop.app.refresh(tokens.refresh_token()).await.tokens();
    shop.sign_on("alice@example.test", PASSWORD).await;
}

async fn a_stale_password_is_changed_on_the_way_in(database: Database) {
    let shop = Shop::open(database).await;
    shop.run("UPDATE customer SET stale = 1 WHERE id = 8").await;
    let login = shop.op.browser().authorize(&shop.app);
    let page = login.log_in_with("bob@example.test", PASSWORD).await;
    assert!(page.page().text().contains("must be changed"), "{}", page.page().text());
    let page = page.change_password("not the present one", "looking-glass").await;
    assert_eq!(page.page().status, 403, "{}", page.page().text());
    let consent = page.change_password(PASSWORD, "looking-glass").await;
    let code = consent.press("#consent-allow").await.code();
    shop.app.redeem(&code).await.tokens().id_token().await;
    assert_eq!(shop.attempt("bob@example.test", PASSWORD).await.status, 403);
    shop.sign_on("bob@example.test", "looking-glass").await;
}
