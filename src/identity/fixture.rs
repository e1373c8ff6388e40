//! What the tests of this folder share: a source of people that does as it is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Map;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use vestibule_plugin::{
    Attributes, Backend, Directory, Host, Identity, Login, NotChanged, Password, PasswordChange,
    PasswordLogin, PasswordWarning, Refusal, Subject, Unavailable, Username,
};

use super::chain::Link;
use super::lockout::{KnownBrowser, Limits};
use super::log_in::{Attempt, LoggedIn, Refused, State};
use super::mapping::Mapping;
use super::{Identities, Settings};
use crate::protocol::Timestamp;
use crate::seal::{MasterKey, Sealer};
use crate::secret;
use crate::storage::Storage;
use crate::storage::scratch::{Scratch, sqlite};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(super) const STEP: Duration = Duration::from_millis(50);
pub(super) const WINDOW: Duration = Duration::from_secs(900);

pub(crate) fn sealer() -> Sealer {
    Sealer::new(&MasterKey::parse(&secret::token()).unwrap(), None).unwrap()
}

pub(super) fn settings() -> Settings {
    Settings {
        backends: Vec::new(),
        breaker_failures: 5,
        limits: Limits { per_name: 3, per_address: 1000, window: WINDOW },
        refusal_step: STEP,
        fresh_for: Duration::from_secs(60),
        tokens_live: Duration::from_secs(3600),
    }
}

/// Somebody at a source.
#[derive(Clone)]
pub(crate) struct Somebody {
    pub(super) subject: String,
    pub(super) password: String,
    pub(crate) closed: Option<State>,
    pub(crate) must_change: bool,
    pub(super) mail: String,
    pub(crate) warning: Option<PasswordWarning>,
}

/// How a source answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    Down,
    Busy,
    /// Well, but for whoever logs in.
    DownForLogins,
    /// Takes everything, and never answers.
    Hanging,
    /// Answers, and knows nobody any more.
    Empty,
    /// Changes passwords, and is gone afterwards.
    DownOnceChanged,
    /// Breaks off while it changes a password.
    DownWhileChanging,
}

/// What a source is asked, and how often it was.
#[derive(Default)]
struct Asked {
    logins: AtomicUsize,
    lookups: AtomicUsize,
    changes: AtomicUsize,
    healths: AtomicUsize,
}

/// A source of people that counts how often it is asked. Clones are the same source.
#[derive(Clone)]
pub(crate) struct Source(Arc<Inside>);

struct Inside {
    people: Mutex<BTreeMap<String, Somebody>>,
    mood: Mutex<Mood>,
    has_directory: bool,
    changes_passwords: bool,
    asked: Asked,
    /// How long a login takes.
    slow: Mutex<Duration>,
    hosts: Mutex<Vec<Host>>,
}

impl Source {
    pub(super) fn new(has_directory: bool) -> Self {
        Self::made(has_directory, false)
    }

    /// One at which nobody can change their password.
    pub(crate) fn without_change() -> Self {
        Self::made(true, false)
    }

    /// One at which people can change their password.
    pub(crate) fn with_change() -> Self {
        Self::made(true, true)
    }

    fn made(has_directory: bool, changes_passwords: bool) -> Self {
        Self(Arc::new(Inside {
            people: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            has_directory,
            changes_passwords,
            asked: Asked::default(),
            slow: Mutex::default(),
            hosts: Mutex::default(),
        }))
    }

    /// A person whose password is `right` under these names, which are all theirs.
    pub(crate) fn add(&self, names: &[&str], subject: &str) {
        let somebody = Somebody {
            subject: subject.to_owned(),
            password: "right".to_owned(),
            closed: None,
            must_change: false,
            mail: format!("{subject}@example.com"),
            warning: None,
        };
        let mut people = self.0.people.lock().unwrap();
        for name in names {
            people.insert((*name).to_owned(), somebody.clone());
        }
    }

    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Somebody)) {
        change(self.0.people.lock().unwrap().get_mut(name).unwrap());
    }

    pub(super) fn remove(&self, name: &str) {
        self.0.people.lock().unwrap().remove(name);
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Mood {
        *self.0.mood.lock().unwrap()
    }

    /// Every login takes so long.
    pub(super) fn is_slow(&self, slow: Duration) {
        *self.0.slow.lock().unwrap() = slow;
    }

    pub(crate) fn has_hosts(&self, hosts: &[Host]) {
        *self.0.hosts.lock().unwrap() = hosts.to_vec();
    }

    pub(super) fn asked(&self) -> usize {
        self.0.asked.logins.load(Ordering::SeqCst)
    }

    pub(super) fn looked_up(&self) -> usize {
        self.0.asked.lookups.load(Ordering::SeqCst)
    }

    pub(crate) fn asked_to_change(&self) -> usize {
        self.0.asked.changes.load(Ordering::SeqCst)
    }

    pub(super) fn health_asked(&self) -> usize {
        self.0.asked.healths.load(Ordering::SeqCst)
    }

    /// How many there are who can reach it, this one included.
    pub(super) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    async fn reached(&self) -> Result<(), Unavailable> {
        match self.mood() {
            Mood::Down => Err(Unavailable::because("the test says so")),
            Mood::Busy => Err(Unavailable::Busy),
            Mood::Hanging => std::future::pending().await,
            _ => Ok(()),
        }
    }

    async fn find(&self, wanted: impl Fn(&str, &Somebody) -> bool) -> Result<Somebody, Refusal> {
        self.reached().await?;
        match self.mood() {
            Mood::Empty => return Err(Refusal::Unknown),
            Mood::DownForLogins => return Err(Unavailable::because("the test says so").into()),
            _ => {}
        }
        let people = self.0.people.lock().unwrap();
        let found = people.iter().find(|(name, somebody)| wanted(name, somebody));
        found.map(|(_, somebody)| somebody.clone()).ok_or(Refusal::Unknown)
    }
}

impl Somebody {
    fn subject(&self) -> Subject {
        Subject::parse(self.subject.as_str()).unwrap()
    }

    fn open(&self, proved: bool) -> Result<Identity, Refusal> {
        let subject = Some(self.subject());
        match self.closed {
            Some(State::Locked) => return Err(Refusal::Locked { proved, subject }),
            Some(State::Disabled) => return Err(Refusal::Disabled { proved, subject }),
            Some(State::Expired) => return Err(Refusal::Expired { proved, subject }),
            None => {}
        }
        let attributes: Attributes = [("mail", self.mail.as_str())].into_iter().collect();
        let identity = Identity::new(self.subject(), attributes);
        Ok(Identity { warning: self.warning.filter(|_| proved), ..identity })
    }
}

#[async_trait]
impl Backend for Source {
    fn login(&self) -> Login<'_> {
        Login::Password(self)
    }

    fn directory(&self) -> Option<&dyn Directory> {
        if self.0.has_directory { Some(self) } else { None }
    }

    fn password_change(&self) -> Option<&dyn PasswordChange> {
        if self.0.changes_passwords { Some(self) } else { None }
    }

    fn hosts(&self) -> Vec<Host> {
        self.0.hosts.lock().unwrap().clone()
    }

    async fn health(&self) -> Result<(), Unavailable> {
        self.0.asked.healths.fetch_add(1, Ordering::SeqCst);
        self.reached().await
    }
}

#[async_trait]
impl PasswordLogin for Source {
    async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Identity, Refusal> {
        self.0.asked.logins.fetch_add(1, Ordering::SeqCst);
        let slow = *self.0.slow.lock().unwrap();
        tokio::time::sleep(slow).await;
        let somebody = self.find(|name, _| name == username.as_str()).await?;
        let right = somebody.password == password.expose();
        // Like a directory that tells the state of an account before it has checked the password.
        if !right && somebody.closed.is_none() {
            return Err(Refusal::WrongCredentials(Some(somebody.subject())));
        }
        if right && somebody.must_change {
            return Err(Refusal::PasswordExpired);
        }
        somebody.open(right)
    }
}

#[async_trait]
impl Directory for Source {
    async fn lookup(&self, subject: &Subject) -> Result<Identity, Refusal> {
        self.0.asked.lookups.fetch_add(1, Ordering::SeqCst);
        self.find(|_, somebody| somebody.subject == subject.as_str()).await?.open(false)
    }
}

/// What the source says of a new password with `alice` in it.
pub(crate) const POLICY: &str = "Must not hold your <b>name</b> & co.";

#[async_trait]
impl PasswordChange for Source {
    async fn change(
        &self,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Result<(), NotChanged> {
        self.0.asked.changes.fetch_add(1, Ordering::SeqCst);
        let somebody = self.find(|name, _| name == username.as_str()).await?;
        if self.mood() == Mood::DownWhileChanging {
            return Err(Refusal::from(Unavailable::because("the test says so")).into());
        }
        if somebody.password != current.expose() {
            return Err(Refusal::WrongCredentials(None).into());
        }
        if new.expose().contains("alice") {
            return Err(NotChanged::Policy(POLICY.to_owned()));
        }
        let mut people = self.0.people.lock().unwrap();
        for somebody in people.values_mut().filter(|other| other.subject == somebody.subject) {
            somebody.password = new.expose().to_owned();
            somebody.must_change = false;
        }
        drop(people);
        if self.mood() == Mood::DownOnceChanged {
            self.is(Mood::Down);
        }
        Ok(())
    }
}

/// An `Identities` with one source, `staff`, and a database of its own.
pub(super) struct Scene {
    pub(super) scratch: Scratch,
    pub(super) source: Source,
    pub(super) identities: Identities,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(Source::new(true)).await
    }

    pub(super) async fn with(source: Source) -> Self {
        Self::on(sqlite().await, source)
    }

    pub(super) fn on(scratch: Scratch, source: Source) -> Self {
        let identities = identities(&source, None, &scratch.storage, &sealer());
        Self { scratch, source, identities }
    }

    /// One whose source puts up with so many wrong passwords for a name.
    pub(super) async fn limited(attempts: u32) -> Self {
        let (scratch, source) = (sqlite().await, Source::new(true));
        let identities = identities(&source, Some(attempts), &scratch.storage, &sealer());
        Self { scratch, source, identities }
    }

    pub(super) async fn log_in(&self, name: &str, password: &str) -> Result<LoggedIn, Refused> {
        self.log_in_at(NOW, name, password, None).await
    }

    pub(super) async fn log_in_at(
        &self,
        now: Timestamp,
        name: &str,
        password: &str,
        known: Option<&KnownBrowser>,
    ) -> Result<LoggedIn, Refused> {
        let attempt = Attempt {
            username: name,
            password: password.to_owned(),
            address: [192, 0, 2, 1].into(),
            known,
            now,
        };
        self.identities.log_in(attempt).await
    }

    /// Does something to its database that no code of ours does.
    pub(super) async fn execute(&self, statement: &str) {
        use sea_orm::ConnectionTrait;
        let database = self.scratch.storage.write_connection();
        database.execute_unprepared(statement).await.unwrap();
    }

    /// A change of password, as a person asks for it.
    pub(super) async fn change(
        &self,
        name: &str,
        current: &str,
        new: &str,
    ) -> Result<LoggedIn, super::NotChanged> {
        let attempt = Attempt {
            username: name,
            password: current.to_owned(),
            address: [192, 0, 2, 1].into(),
            known: None,
            now: NOW,
        };
        let new = Password::parse(new.to_owned()).unwrap();
        self.identities.change_password(attempt, new).await
    }
}

/// People who are known to one source, `staff`.
pub(crate) fn identities(
    source: &Source,
    attempts: Option<u32>,
    storage: &Storage,
    sealer: &Sealer,
) -> Identities {
    let link = Link {
        name: "staff".to_owned(),
        usernames: Vec::new(),
        patience: Duration::from_secs(5),
        attempts,
        backend: Box::new(source.clone()),
    };
    let claims = Map::from_iter([("email".to_owned(), "mail".into())]);
    let backends = vec![(link, Mapping::parse(&claims).unwrap())];
    Identities::of(backends, &settings(), storage, sealer).unwrap()
}

/// Keeps a subscriber that hears nothing. Where there is only one, `tracing` asks the first thread that
/// comes to a line whether it is heard, and believes that of all threads.
pub(crate) fn hear_every_thread() {
    static DEAF: OnceLock<Dispatch> = OnceLock::new();
    DEAF.get_or_init(|| Dispatch::new(tracing_subscriber::registry()));
}

/// What is logged while it is kept, as text.
#[derive(Clone, Default)]
pub(super) struct Journal(Arc<Mutex<Vec<u8>>>);

impl Journal {
    /// Writes down what this thread logs until the guard is dropped.
    pub(super) fn open() -> (Self, DefaultGuard) {
        hear_every_thread();
        let journal = Self::default();
        let pages = journal.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || pages.clone()).finish();
        (journal, tracing::subscriber::set_default(subscriber))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
