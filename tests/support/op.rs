//! The provider, run in this process: the one file that knows how the product is put together.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::sync::{OnceCell, oneshot};
use tokio::task::JoinSet;
use url::Url;
use vestibule::config::Config;
use vestibule::http::opening::{Options, identity_settings};
use vestibule::http::provider::Provider;
use vestibule::identity::people::{self, NewPerson};
use vestibule::protocol::client::SecretHash;
use vestibule::protocol::{Client, Timestamp};
use vestibule::seal::{MasterKey, Purpose, Sealer};
use vestibule::secret;
use vestibule::server::{Limits, Server, Tls};
use vestibule::storage::{self, Storage, clients};
use vestibule_plugin::{Attributes, Password, Username};

use super::app::{App, Registered, Registration};
use super::browser::Browser;
use super::certificate::Certificate;
use super::database::{Database, Fresh};
use super::folder::Folder;
use super::port;
use super::time::Time;

/// How a story wants its provider; the default is SQLite, plain HTTP, and cheap password hashes.
#[derive(Default)]
pub struct Setup {
    database: Database,
    tls: bool,
    own_keys: bool,
    config: toml::Table,
}

impl Setup {
    pub fn on(self, database: Database) -> Self {
        Self { database, ..self }
    }

    /// Serves TLS itself, with a certificate that browsers and applications trust.
    pub fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Makes signing keys of its own. Without this, the providers of all stories have the same ones.
    pub fn own_keys(self) -> Self {
        Self { own_keys: true, ..self }
    }

    /// Adds to the configuration file, in TOML.
    pub fn config(mut self, text: &str) -> Self {
        let table = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
        merge(&mut self.config, table);
        self
    }

    /// Whether it begins with what all others begin with.
    fn is_usual(&self) -> bool {
        let special = ["keys", "backend"].iter().any(|section| self.config.contains_key(*section));
        !self.own_keys && !special
    }
}

/// Values of `more` win.
fn merge(table: &mut toml::Table, more: toml::Table) {
    for (key, value) in more {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(new)) => merge(known, new),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// A running provider, in which alice and bob are known. It ends with the story.
pub struct Op {
    pub time: Time,
    issuer: Url,
    http: reqwest::Client,
    provider: Arc<Provider>,
    stop: oneshot::Sender<()>,
    tasks: JoinSet<()>,
    database: Fresh,
}

/// The password of a seeded person.
pub fn password_of(username: &str) -> String {
    format!("{username} knows a long password")
}

/// Someone with every standard claim (OIDC Core §5.1); `updated_at` and the name to log in with come by
/// themselves.
const ALICE: &[(&str, &str)] = &[
    ("name", "Alice Marie Adams"),
    ("given_name", "Alice"),
    ("family_name", "Adams"),
    ("middle_name", "Marie"),
    ("nickname", "Ally"),
    ("preferred_username", "alice"),
    ("profile", "https://people.example.test/alice"),
    ("picture", "https://people.example.test/alice.png"),
    ("website", "https://alice.example.test/"),
    ("gender", "female"),
    ("birthdate", "1985-02-28"),
    ("zoneinfo", "Europe/Berlin"),
    ("locale", "de-DE"),
    ("email", "alice@example.test"),
    ("email_verified", "true"),
    ("address.formatted", "Example Street 1\n12345 Exampletown\nGermany"),
    ("address.street_address", "Example Street 1"),
    ("address.locality", "Exampletown"),
    ("address.postal_code", "12345"),
    ("address.country", "Germany"),
    ("phone_number", "+49 30 1234567"),
    ("phone_number_verified", "true"),
];

impl Op {
    /// A provider as most stories want it.
    pub async fn start() -> Self {
        Self::set_up(Setup::default()).await
    }

    /// A provider on this database.
    pub async fn on(database: Database) -> Self {
        Self::set_up(Setup::default().on(database)).await
    }

    /// A provider with these lines in its configuration file.
    pub async fn with_config(text: &str) -> Self {
        Self::set_up(Setup::default().config(text)).await
    }

    /// A provider and a web application that uses codes.
    pub async fn with_app() -> (Self, App) {
        let op = Self::start().await;
        let app = op.app(Registration::web()).await;
        (op, app)
    }

    pub async fn set_up(setup: Setup) -> Self {
        let time = Time::new();
        let database = setup.database.fresh().await;
        let (tls, http) = if setup.tls { encrypted() } else { (None, http().build().unwrap()) };
        let scheme = if setup.tls { "https" } else { "http" };
        let server = listen(tls).await;
        let issuer = Url::parse(&format!("{scheme}://{}", server.addresses()[0])).unwrap();
        let seeded = setup.is_usual() && database.restore(usual_content().await);
        let provider = open(configuration(&issuer, &database.url, setup.config), &time).await;

        let (stop, tasks) = serve(server, &provider);
        let op = Self { time, issuer, http, provider, stop, tasks, database };
        if !seeded {
            seed(&op.provider).await;
        }
        op
    }

    /// Stops it and starts it again at the same address, with what it stored and nothing else. Without TLS.
    pub async fn restart(self) -> Self {
        let Self { time, issuer, http, provider, stop, mut tasks, database } = self;
        drop(stop);
        while tasks.join_next().await.is_some() {}
        provider.storage.clone().close().await.unwrap();
        let provider = open(provider.config.clone(), &time).await;
        let address = issuer.socket_addrs(|| None).unwrap();
        let server = Server::bind(&address, None, Limits::default()).await.unwrap();
        let (stop, tasks) = serve(server, &provider);
        Self { time, issuer, http, provider, stop, tasks, database }
    }

    /// What it stores, for stories that change it behind its back.
    pub fn storage(&self) -> &Storage {
        &self.provider.storage
    }

    /// Runs a statement that every database understands.
    pub async fn execute(&self, statement: &str) {
        self.storage().write_connection().execute_unprepared(statement).await.unwrap();
    }

    /// Sends requests that no pleasant browser would send: without cookies, without following.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A place at it: a path with or without a query.
    pub fn url(&self, place: &str) -> Url {
        self.issuer.join(place).unwrap()
    }

    /// Makes a person known, with the password that [`password_of`] says.
    pub async fn person(&self, username: &str, attributes: &[(&str, &str)]) {
        add(&self.provider, username, attributes).await;
    }

    /// Registers an application.
    pub async fn app(&self, registration: Registration) -> App {
        let (client_id, metadata) = (secret::id(), registration.0);
        let is_public = metadata["token_endpoint_auth_method"] == "none";
        let client_secret = (!is_public).then(secret::token);
        let mut described = metadata.clone();
        described.insert("client_id".to_owned(), json!(client_id));
        let mut client: Client = serde_json::from_value(Value::Object(described)).unwrap();
        client.secret = client_secret.as_deref().map(SecretHash::of);
        client.validate().unwrap();

        let secret =
            client_secret.as_deref().filter(|_| client.id_token_signed_response_alg.is_symmetric());
        let sealer = &self.provider.sealer;
        let sealed = secret.map(|secret| {
            sealer.encrypt(Purpose::ClientSecret, &client_id, secret.as_bytes()).unwrap()
        });
        let row = clients::write(&client, sealed, self.now()).unwrap();
        clients::put(&self.provider.storage, row).await.unwrap();
        let (http, issuer, time) = (self.http.clone(), self.issuer.clone(), self.time.clone());
        App(Arc::new(Registered { http, issuer, time, client_id, client_secret, metadata }))
    }

    /// A person's browser, without any cookie.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), self.issuer.clone(), self.time.clone())
    }

    /// The `iss` that it claims.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    /// What it announces.
    pub async fn discovery(&self) -> Value {
        self.get_json("/.well-known/openid-configuration").await
    }

    /// A JSON document of it.
    pub async fn get_json(&self, path: &str) -> Value {
        let response = self.http.get(self.issuer.join(path).unwrap()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.contains("json"), "{path}: {kind}");
        response.json().await.unwrap()
    }

    /// The status with which it answers a GET.
    pub async fn status(&self, place: &str) -> u16 {
        self.http.get(self.issuer.join(place).unwrap()).send().await.unwrap().status().as_u16()
    }

    pub fn now(&self) -> Timestamp {
        self.provider.now()
    }
}

/// Serves until the sender is dropped.
fn serve(server: Server, provider: &Arc<Provider>) -> (oneshot::Sender<()>, JoinSet<()>) {
    let endpoint = vestibule::http::endpoint(provider).unwrap();
    let (stop, stopped) = oneshot::channel();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.serve(endpoint, async {
        let _ = stopped.await;
    }));
    (stop, tasks)
}

/// What a database holds that a usual provider has begun to use: tables, keys, alice and bob. Made once,
/// as making keys takes longer than most stories.
async fn usual_content() -> &'static [u8] {
    static CONTENT: OnceCell<Vec<u8>> = OnceCell::const_new();
    CONTENT
        .get_or_init(|| async {
            let database = Database::Sqlite.fresh().await;
            let issuer = Url::parse("http://127.0.0.1").unwrap();
            let config = configuration(&issuer, &database.url, toml::Table::new());
            let provider = open(config, &Time::new()).await;
            seed(&provider).await;
            provider.storage.clone().close().await.unwrap();
            database.content()
        })
        .await
}

async fn open(config: Config, time: &Time) -> Arc<Provider> {
    let storage =
        Storage::open(&storage::Settings::new(config.database.url.reveal())).await.unwrap();
    storage.migrate().await.unwrap();
    let master = MasterKey::parse(config.keys.master_key.reveal()).unwrap();
    let sealer = Sealer::new(&master, None).unwrap();
    // Nothing is kept in memory that a story may change behind it.
    let options =
        Options { clock: time.clock(), clients_age: Duration::ZERO, ..Options::default() };
    Provider::open(config, storage, sealer, options).await.unwrap()
}

/// Where people are kept elsewhere, there is nobody to add.
async fn seed(provider: &Provider) {
    let keeps_people = |backend: &vestibule::config::Backend| backend.r#type == "database";
    if !provider.config.backend.iter().any(keeps_people) {
        return;
    }
    add(provider, "alice", ALICE).await;
    add(provider, "bob", &[("name", "Bob Builder")]).await;
}

async fn add(provider: &Provider, username: &str, attributes: &[(&str, &str)]) {
    let settings = identity_settings(&provider.config);
    let backend = settings.backends.iter().find(|backend| backend.kind == "database").unwrap();
    let people = people::open(&backend.name, &backend.options, &provider.storage).unwrap();
    let mut told = Attributes::new();
    for (name, value) in attributes {
        told.add(*name, *value);
    }
    let new = NewPerson {
        id: &secret::id(),
        username: &Username::parse(username).unwrap(),
        password: &Password::parse(password_of(username)).unwrap(),
        attributes: &told,
    };
    people.add(new, provider.now().millis()).await.unwrap();
}

/// The configuration of a story: production's, but for what would only cost time.
fn configuration(issuer: &Url, database: &str, more: toml::Table) -> Config {
    let mut table: toml::Table = toml::from_str(&format!(
        r#"
            [server]
            issuer = "{issuer}"
            [database]
            url = "{database}"
            [keys]
            master_key = "{MASTER_KEY}"
            algorithms = ["RS256", "ES256"]
            [login]
            refusal_step = "1ms"
            [[backend]]
            name = "people"
            type = "database"
            hash_memory = 8
            hash_passes = 1
        "#,
        issuer = issuer.as_str().trim_end_matches('/'),
    ))
    .unwrap();
    merge(&mut table, more);
    Config::parse("story.toml", &table.to_string(), [])
        .unwrap_or_else(|problems| panic!("{problems}"))
}

const MASTER_KEY: &str = "c3RvcmllcyBoYXZlIG5vIHNlY3JldHMgYXQgYWxsICE=";

/// Listens on a free port.
pub async fn listen(tls: Option<Tls>) -> Server {
    let address = ([127, 0, 0, 1], port::free(1)).into();
    Server::bind(&[address], tls, Limits::default()).await.unwrap()
}

/// What browsers and applications send requests with.
pub fn http() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tls_certs_only([])
        .timeout(Duration::from_secs(60))
}

/// A server's side of TLS, and a client that trusts it.
fn encrypted() -> (Option<Tls>, reqwest::Client) {
    let (made, folder) = (Certificate::make(), Folder::new());
    let (certificate, key) = made.write(folder.path());
    let tls = Tls::open(&certificate, &key).unwrap();
    (Some(tls), http().tls_certs_only([made.trusted()]).build().unwrap())
}
