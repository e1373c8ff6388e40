//! What the tests of this folder share: a source of people that does as it is told.

mod journal;
mod scene;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use vestibule_plugin::{
    Attributes, Backend, Directory, Host, Identity, Login, NotChanged, Password, PasswordChange,
    PasswordLogin, PasswordWarning, Refusal, Subject, Unavailable, Username,
};

pub(super) use journal::Journal;
pub(crate) use journal::hear_every_thread;
pub(super) use scene::Scene;
pub(crate) use scene::{chained, identities};

use super::Settings;
use super::lockout::Limits;
use super::log_in::State;
use crate::protocol::Timestamp;
use crate::seal::{MasterKey, Sealer};
use crate::secret;

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
    /// Has room for logins, and for no change of a password.
    BusyForChanges,
    /// Down, and worse for whoever asks how it is.
    Panics,
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

    /// Every login takes so long, and every look at its health.
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
            Mood::DownForLogins | Mood::Panics => {
                return Err(Unavailable::because("the test says so").into());
            }
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
        assert!(self.mood() != Mood::Panics, "the test says so");
        let slow = *self.0.slow.lock().unwrap();
        tokio::time::sleep(slow).await;
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
            return Err(Refusal::PasswordExpired(Some(somebody.subject())));
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
        match self.mood() {
            Mood::DownWhileChanging => {
                return Err(Refusal::from(Unavailable::because("the test says so")).into());
            }
            Mood::BusyForChanges => return Err(Refusal::from(Unavailable::Busy).into()),
            _ => {}
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
