//! What the tests of this folder share: a source of people that does as it is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Map;
use vestibule_plugin::{
    Attributes, Backend, Directory, Identity, Login, Password, PasswordLogin, Refusal, Subject,
    Unavailable, Username,
};

use super::chain::Link;
use super::lockout::{KnownBrowser, Limits};
use super::log_in::{Attempt, LoggedIn, Refused, State};
use super::mapping::Mapping;
use super::{Identities, Settings};
use crate::protocol::Timestamp;
use crate::seal::{MasterKey, Sealer};
use crate::secret;
use crate::storage::scratch::{Scratch, sqlite};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(super) const STEP: Duration = Duration::from_millis(50);
pub(super) const WINDOW: Duration = Duration::from_secs(900);

pub(super) fn sealer() -> Sealer {
    Sealer::new(&MasterKey::parse(&secret::token()).unwrap(), None).unwrap()
}

pub(super) fn settings() -> Settings {
    Settings {
        backends: Vec::new(),
        limits: Limits { per_name: 3, per_address: 1000, window: WINDOW },
        refusal_step: STEP,
        fresh_for: Duration::from_secs(60),
        tokens_live: Duration::from_secs(3600),
    }
}

/// Somebody at a source.
#[derive(Clone)]
pub(super) struct Somebody {
    pub(super) subject: String,
    pub(super) password: String,
    pub(super) closed: Option<State>,
    pub(super) must_change: bool,
    pub(super) mail: String,
}

/// How a source answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Down,
    Busy,
    /// Answers, and knows nobody any more.
    Empty,
}

/// A source of people that counts how often it is asked. Clones are the same source.
#[derive(Clone)]
pub(super) struct Source(Arc<Inside>);

struct Inside {
    people: Mutex<BTreeMap<String, Somebody>>,
    mood: Mutex<Mood>,
    has_directory: bool,
    asked: AtomicUsize,
    looked_up: AtomicUsize,
}

impl Source {
    pub(super) fn new(has_directory: bool) -> Self {
        Self(Arc::new(Inside {
            people: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            has_directory,
            asked: AtomicUsize::new(0),
            looked_up: AtomicUsize::new(0),
        }))
    }

    /// A person whose password is `right` under these names, which are all theirs.
    pub(super) fn add(&self, names: &[&str], subject: &str) {
        let somebody = Somebody {
            subject: subject.to_owned(),
            password: "right".to_owned(),
            closed: None,
            must_change: false,
            mail: format!("{subject}@example.com"),
        };
        let mut people = self.0.people.lock().unwrap();
        for name in names {
            people.insert((*name).to_owned(), somebody.clone());
        }
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Somebody)) {
        change(self.0.people.lock().unwrap().get_mut(name).unwrap());
    }

    pub(super) fn remove(&self, name: &str) {
        self.0.people.lock().unwrap().remove(name);
    }

    pub(super) fn is(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    pub(super) fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }

    pub(super) fn looked_up(&self) -> usize {
        self.0.looked_up.load(Ordering::SeqCst)
    }

    fn find(&self, wanted: impl Fn(&str, &Somebody) -> bool) -> Result<Somebody, Refusal> {
        match *self.0.mood.lock().unwrap() {
            Mood::Down => return Err(Unavailable::because("the test says so").into()),
            Mood::Busy => return Err(Unavailable::Busy.into()),
            Mood::Empty => return Err(Refusal::Unknown),
            Mood::Well => {}
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
        Ok(Identity::new(self.subject(), attributes))
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

    async fn health(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

#[async_trait]
impl PasswordLogin for Source {
    async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Result<Identity, Refusal> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let somebody = self.find(|name, _| name == username.as_str())?;
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
        self.0.looked_up.fetch_add(1, Ordering::SeqCst);
        self.find(|_, somebody| somebody.subject == subject.as_str())?.open(false)
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
        let link = Link {
            name: "staff".to_owned(),
            usernames: Vec::new(),
            patience: Duration::from_secs(5),
            backend: Box::new(source.clone()),
        };
        let claims = Map::from_iter([("email".to_owned(), "mail".into())]);
        let backends = vec![(link, Mapping::parse(&claims).unwrap())];
        let identities =
            Identities::of(backends, &settings(), &scratch.storage, &sealer()).unwrap();
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
}
