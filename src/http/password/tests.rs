//! The login page and the password page before a source that does as it is told.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::http::{Method, header};
use poem::{Endpoint, EndpointExt, Request};
use scraper::{Html, Selector};
use serde_json::json;
use tokio::sync::OnceCell;
use vestibule_plugin::PasswordWarning;

use super::*;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::opening::Options;
use crate::identity::State;
use crate::identity::fixture::{Mood, POLICY, Source, identities, sealer};
use crate::keys::{Keys, Settings};
use crate::protocol::{Algorithm, Client, Timestamp};
use crate::seal::Sealer;
use crate::storage::scratch::{Scratch, sqlite};
use crate::storage::{Storage, clients, key, keys};

const NOW: i64 = 1_800_000_000_000;

/// A provider with one source, and a person's browser that keeps cookies and follows nothing.
struct Scene {
    source: Source,
    endpoint: BoxEndpoint<'static, Response>,
    cookies: Mutex<BTreeMap<String, String>>,
    _scratch: Scratch,
}

struct Page {
    status: u16,
    retry_after: Option<String>,
    location: Option<String>,
    policy: String,
    html: String,
}

impl Scene {
    async fn new(login: &str, source: Source) -> Self {
        let scratch = sqlite().await;
        let text = format!(
            "[server]\nissuer = 'http://127.0.0.1:8080'\n[database]\nurl = 'sqlite:///tmp/unused.db'\n\
             [keys]\nmaster_key = '{}'\nalgorithms = ['RS256', 'ES256']\n[login]\nrefusal_step = '1ms'\n{login}\n",
            crate::secret::token()
        );
        let config = Config::parse("scene.toml", &text, []).unwrap();
        let sealer = Self::keys(&scratch.storage).await;
        let storage = scratch.storage.clone();
        // It stands still, as pages tell of seconds.
        let options = Options { clock: Clock::from_fn(|| NOW), ..Options::default() };
        let opened = Provider::open(config, storage, sealer.clone(), options).await;
        let mut provider = Arc::into_inner(opened.unwrap()).unwrap();
        provider.identities = identities(&source, None, &scratch.storage, &sealer);
        let client: Client = serde_json::from_value(json!({
            "client_id": "app",
            "client_name": "App",
            "token_endpoint_auth_method": "none",
            "redirect_uris": ["https://app.example/callback"],
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
            "scope": "openid",
        }))
        .unwrap();
        let row = clients::write(&client, None, provider.now()).unwrap();
        clients::put(&scratch.storage, row).await.unwrap();
        let endpoint = crate::http::endpoint(&Arc::new(provider)).unwrap().boxed();
        Self { source, endpoint, cookies: Mutex::default(), _scratch: scratch }
    }

    /// Gives a database signing keys, and tells what opens them. Made once, as that takes longer than a story.
    async fn keys(storage: &Storage) -> Sealer {
        static KEYS: OnceCell<(Sealer, Vec<key::Model>)> = OnceCell::const_new();
        let made = async || {
            let (scratch, sealer) = (sqlite().await, sealer());
            let algorithms = vec![Algorithm::RS256, Algorithm::ES256];
            let day = Duration::from_secs(86_400);
            let settings = Settings {
                algorithms,
                rotate_after: None,
                publish_ahead: day,
                keep_for: day,
                cache: day,
            };
            let now = Timestamp::from_millis(NOW);
            Keys::open(scratch.storage.clone(), sealer.clone(), settings, now).await.unwrap();
            (sealer, keys::list(&scratch.storage).await.unwrap())
        };
        let (sealer, rows) = KEYS.get_or_init(made).await;
        for row in rows {
            keys::put(storage, row.clone()).await.unwrap();
        }
        sealer.clone()
    }

    async fn with_alice(login: &str, source: Source) -> Self {
        source.add(&["alice"], "s-1");
        Self::new(login, source).await
    }

    async fn send(&self, method: Method, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: String =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let held: Vec<_> =
            self.cookies.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path.parse().unwrap())
            .header(header::COOKIE, held.join("; "))
            .content_type("application/x-www-form-urlencoded")
            .body(body);
        let response = self.endpoint.call(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        Page {
            status,
            retry_after: text("retry-after"),
            location: text("location"),
            policy: text("content-security-policy").unwrap_or_default(),
            html: response.into_body().into_string().await.unwrap(),
        }
    }

    /// The request that waits, as the login page has it.
    async fn pending(&self) -> String {
        let authorize = "/oauth2/authorize?client_id=app&response_type=code&scope=openid&code_challenge_method=S256&\
             code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback";
        let mut page = self.send(Method::GET, authorize, &[]).await;
        while let Some(next) = page.location.clone() {
            page = self.send(Method::GET, &next, &[]).await;
        }
        page.value("input[name=pending]")
    }

    async fn log_in(&self, username: &str, password: &str) -> Page {
        let pending = self.pending().await;
        let fields =
            [("pending", pending.as_str()), ("username", username), ("password", password)];
        self.send(Method::POST, "/login", &fields).await
    }

    async fn change(&self, username: &str, current: &str, new: &str) -> Page {
        let pending = self.pending().await;
        let fields = [
            ("pending", pending.as_str()),
            ("username", username),
            ("current_password", current),
            ("new_password", new),
            ("repeated_password", new),
        ];
        self.send(Method::POST, "/login/password", &fields).await
    }

    fn has_session(&self) -> bool {
        self.cookies.lock().unwrap().contains_key("vestibule-session")
    }
}

impl Page {
    fn has(&self, selector: &str) -> bool {
        let (page, wanted) = (Html::parse_document(&self.html), Selector::parse(selector).unwrap());
        page.select(&wanted).next().is_some()
    }

    fn value(&self, selector: &str) -> String {
        let (page, wanted) = (Html::parse_document(&self.html), Selector::parse(selector).unwrap());
        let found = page.select(&wanted).next().unwrap_or_else(|| panic!("{}", self.html));
        found.value().attr("value").unwrap().to_owned()
    }

    /// The kind of the message that is shown.
    fn kind(&self) -> String {
        let (page, wanted) =
            (Html::parse_document(&self.html), Selector::parse("#message").unwrap());
        let found = page.select(&wanted).next().unwrap_or_else(|| panic!("{}", self.html));
        found.value().attr("data-kind").unwrap().to_owned()
    }

    /// All that tells one answer from another, without what differs every time.
    fn masked(&self, username: &str) -> (u16, Option<String>, String) {
        let html = self.html.replace(&self.value("input[name=pending]"), "PENDING");
        (self.status, self.retry_after.clone(), html.replace(username, "NAME"))
    }

    fn asks_for_change(&self) -> bool {
        ["username", "current_password", "new_password", "repeated_password"]
            .iter()
            .all(|name| self.has(&format!("input[name={name}]")))
            && self.has("button#password-submit")
    }
}

#[tokio::test]
async fn an_expired_password_leads_to_its_change_and_on() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    scene.source.change("alice", |alice| alice.must_change = true);
    let page = scene.log_in("alice", "right").await;
    assert_eq!((page.status, page.kind().as_str()), (403, "due"));
    assert!(page.asks_for_change() && !scene.has_session());
    assert_eq!(page.value("input[name=username]"), "alice");
    assert!(!page.html.contains("right"), "no password comes back: {}", page.html);
    assert!(!page.policy.contains("script-src") && !page.policy.contains("form-action"));

    let after = scene.change("alice", "right", "another password").await;
    assert_eq!(after.status, 303);
    assert!(after.location.unwrap().starts_with("/oauth2/authorize?pending="));
    assert!(scene.has_session());
}

#[tokio::test]
async fn where_no_password_is_changed_the_administrator_is_named() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    let without = Scene::with_alice("", Source::without_change()).await;
    without.source.change("alice", |alice| alice.must_change = true);
    let page = without.log_in("alice", "right").await;
    assert_eq!((page.status, page.kind().as_str()), (403, "password_expired"));
    assert!(page.html.contains("Ask your administrator"));
    let page = without.change("alice", "right", "another password").await;
    assert_eq!((page.status, page.kind().as_str()), (403, "not_offered"));
    // The page itself tells nobody apart: it does not know who is coming.
    let path = |pending| format!("/login/password?pending={pending}&username=alice");
    let (with, pending) = (scene.pending().await, without.pending().await);
    let pages = [
        scene.send(Method::GET, &path(with), &[]).await,
        without.send(Method::GET, &path(pending), &[]).await,
    ];
    assert_eq!(pages[0].masked("alice"), pages[1].masked("alice"));
}

// XS1
#[tokio::test]
async fn the_rules_of_a_source_are_told_in_its_own_words_as_text() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    let page = scene.change("alice", "right", "alice has one").await;
    assert_eq!((page.status, page.kind().as_str()), (422, "policy"));
    let shown = Html::parse_document(&page.html);
    let text: String =
        shown.select(&Selector::parse(".words").unwrap()).next().unwrap().text().collect();
    assert_eq!(text, POLICY);
    assert!(!page.has("#message b"));
    assert!(!page.html.contains("alice has one") && page.asks_for_change());
}

#[tokio::test]
async fn what_the_page_can_say_by_itself_nobody_is_asked() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    let long = "x".repeat(1025);
    for (new, repeated, kind) in [
        ("another password", "another passwort", "mismatch"),
        ("right", "right", "same"),
        ("", "", "blank"),
        ("        ", "        ", "blank"),
        ("seven77", "seven77", "short"),
        ("with a \0 inside", "with a \0 inside", "character"),
        (&long, &long, "long"),
    ] {
        let pending = scene.pending().await;
        let fields = [
            ("pending", pending.as_str()),
            ("username", "alice"),
            ("current_password", "right"),
            ("new_password", new),
            ("repeated_password", repeated),
        ];
        let page = scene.send(Method::POST, "/login/password", &fields).await;
        assert_eq!((page.status, page.kind().as_str()), (422, kind));
        assert_eq!(page.value("input[name=username]"), "alice");
    }
    // No try was counted, either: three are allowed.
    assert_eq!(scene.source.asked_to_change(), 0);
    assert_eq!(scene.change("alice", "right", "another password").await.status, 303);
}

// EN1
#[tokio::test]
async fn the_password_page_tells_nothing_of_who_exists() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    for (name, closed) in
        [("carla", State::Locked), ("diana", State::Disabled), ("ellen", State::Expired)]
    {
        scene.source.add(&[name], name);
        scene.source.change(name, |somebody| somebody.closed = Some(closed));
    }
    scene.source.add(&["fiona"], "s-6");
    scene.source.change("fiona", |fiona| fiona.must_change = true);
    let names = ["nobdy", "alice", "carla", "diana", "ellen", "fiona"];
    for status in [403, 403, 403, 429] {
        let mut pages = Vec::new();
        for name in names {
            let page = scene.change(name, "guess", "another password").await;
            assert_eq!(page.status, status);
            pages.push(page.masked(name));
        }
        assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    }
}

// EN1, LK4
#[tokio::test]
async fn an_outage_looks_the_same_for_everybody_however_long_it_lasts() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    scene.source.is(Mood::Down);
    let mut logins = Vec::new();
    let mut changes = Vec::new();
    // The breaker opens in between.
    for name in ["alice", "nobdy", "alice", "nobdy", "alice", "nobdy"] {
        logins.push(scene.log_in(name, "right").await.masked(name));
        changes.push(scene.change(name, "right", "another password").await.masked(name));
    }
    for pages in [logins, changes] {
        assert_eq!((pages[0].0, pages[0].1.as_deref()), (503, Some("30")));
        assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    }
    assert!(!scene.has_session());
}

#[tokio::test]
async fn a_change_that_breaks_off_is_told_as_it_is() {
    let scene = Scene::with_alice("", Source::with_change()).await;
    scene.source.is(Mood::DownWhileChanging);
    let page = scene.change("alice", "right", "another password").await;
    assert_eq!((page.status, page.kind().as_str()), (503, "unsure"));
    assert!(page.retry_after.is_some() && page.asks_for_change());
    scene.source.is(Mood::DownOnceChanged);
    let page = scene.change("alice", "right", "another password").await;
    assert_eq!((page.status, page.kind().as_str()), (403, "password_changed"));
    assert!(page.has("#login-submit") && !scene.has_session());
    scene.source.is(Mood::Well);
    assert_eq!(scene.log_in("alice", "another password").await.status, 303);
}

#[tokio::test]
async fn a_warning_is_shown_where_it_is_wanted_and_leads_on() {
    let days = PasswordWarning::Expires(Duration::from_secs(5 * 86_400));
    for (source, change) in [(Source::with_change(), true), (Source::without_change(), false)] {
        let scene = Scene::with_alice("password_warnings = true", source).await;
        scene.source.change("alice", |alice| alice.warning = Some(days));
        let page = scene.log_in("alice", "right").await;
        assert_eq!(page.status, 200);
        assert!(page.html.contains("Your password expires in 5 days"), "{}", page.html);
        assert!(scene.has_session(), "who goes on another way is signed in");
        assert_eq!(page.has("#warning-change"), change);
        assert!(page.has("form[method=get][action='/oauth2/authorize'] #warning-continue"));
        let on = format!("/oauth2/authorize?pending={}", page.value("input[name=pending]"));
        let next = scene.send(Method::GET, &on, &[]).await;
        assert!(next.location.unwrap().starts_with("/consent?pending="));
        scene.source.change("alice", |alice| {
            alice.warning = Some(PasswordWarning::GraceLogins(1));
        });
        let page = scene.log_in("alice", "right").await;
        assert!(page.html.contains("1 login left with it"), "{}", page.html);
        scene.source.change("alice", |alice| alice.warning = None);
        assert_eq!(scene.log_in("alice", "right").await.status, 303);
    }
    let silent = Scene::with_alice("", Source::with_change()).await;
    silent.source.change("alice", |alice| alice.warning = Some(days));
    assert_eq!(silent.log_in("alice", "right").await.status, 303);
}
