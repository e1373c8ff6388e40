//! The backends in their configured order, and which of them is asked about whom.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use vestibule_plugin::{
    Backend, Identity, Login, NotChanged, Password, Refusal, Subject, Unavailable, Username,
};

use super::breaker::{Breaker, Condition, Operation};
use super::names::{self, Pattern};
use super::registry::Misconfigured;

/// One backend, as it was opened.
pub(super) struct Link {
    /// Permanent: accounts are tied to it.
    pub(super) name: String,
    /// Names that go to this backend alone; it gets no others. Empty: it gets what nobody owns.
    pub(super) usernames: Vec<Pattern>,
    /// How long an answer may take.
    pub(super) patience: Duration,
    /// Wrong passwords for one name that it may hear of, from all browsers together.
    pub(super) attempts: Option<u32>,
    pub(super) backend: Box<dyn Backend>,
}

/// All backends, in the order in which they are asked.
pub(super) struct Chain {
    places: Vec<Place>,
}

/// One backend in the chain.
struct Place {
    usernames: Vec<Pattern>,
    attempts: Option<u32>,
    breaker: Arc<Breaker>,
}

/// What the chain says of a login, and which backend said it.
pub(super) struct Answer<'a> {
    /// The backend that knows the name; none if nobody does.
    pub(super) backend: Option<&'a str>,
    pub(super) outcome: Result<Identity, Refusal>,
}

impl Chain {
    /// Backends that fail so often in a row, `failures`, are left alone for a while.
    ///
    /// Two backends that claim the same names are an error: it would depend on their order who gets
    /// the passwords. So is one that hides all those behind it.
    pub(super) fn new(links: Vec<Link>, failures: u32) -> Result<Self, Misconfigured> {
        for (index, one) in links.iter().enumerate() {
            for two in links.iter().skip(index + 1) {
                let claimed_by_two =
                    |pattern: &Pattern| two.usernames.iter().any(|other| pattern.collides(other));
                if one.usernames.iter().any(claimed_by_two) {
                    let (one, two) = (one.name.clone(), two.name.clone());
                    return Err(Misconfigured::Collision { one, two });
                }
                if one.hides(two) {
                    let (one, two) = (one.name.clone(), two.name.clone());
                    return Err(Misconfigured::Hidden { one, two });
                }
            }
        }
        let place = |link: Link| Place {
            usernames: link.usernames,
            attempts: link.attempts,
            breaker: Breaker::new(link.name, link.backend, link.patience, failures),
        };
        Ok(Self { places: links.into_iter().map(place).collect() })
    }

    /// Asks each backend in turn until one knows the person.
    ///
    /// A backend that cannot answer ends the search: to ask the next one could let someone in as
    /// their namesake in a weaker backend while the stronger is down.
    pub(super) async fn authenticate(
        &self,
        username: &Username,
        password: &Password,
    ) -> Answer<'_> {
        for Place { breaker, .. } in self.asked_about(username) {
            let Login::Password(login) = breaker.backend().login() else { continue };
            let answer = login.authenticate(username, password);
            match breaker.ask(Operation::Login, answer).await {
                Err(Refusal::Unknown) => continue,
                outcome => return Answer { backend: Some(breaker.name()), outcome },
            }
        }
        Answer { backend: None, outcome: Err(Refusal::Unknown) }
    }

    /// The backends that may hear of a name: its one owner, or all that own nothing.
    fn asked_about(&self, username: &Username) -> impl Iterator<Item = &Place> {
        names::asked_about(&self.places, |place| &place.usernames, username)
    }

    /// Wrong passwords for a name that all who may hear of it put up with.
    pub(super) fn attempts(&self, username: &Username) -> Option<u32> {
        self.asked_about(username).filter_map(|place| place.attempts).min()
    }

    /// The person today, as the backend of this name tells it; `None` if it cannot be asked.
    pub(super) async fn lookup(
        &self,
        backend: &str,
        subject: &Subject,
    ) -> Option<Result<Identity, Refusal>> {
        let breaker = self.breaker(backend)?;
        let directory = breaker.backend().directory()?;
        Some(breaker.ask(Operation::Lookup, directory.lookup(subject)).await)
    }

    /// Whether people can change their password at the backend of this name.
    pub(super) fn changes_passwords(&self, backend: &str) -> bool {
        self.breaker(backend).is_some_and(|breaker| breaker.backend().password_change().is_some())
    }

    /// Another password for a person of the backend of this name; `None` if it cannot be asked.
    pub(super) async fn change(
        &self,
        backend: &str,
        username: &Username,
        current: &Password,
        new: &Password,
    ) -> Option<Result<(), NotChanged>> {
        let breaker = self.breaker(backend)?;
        let change = breaker.backend().password_change()?;
        Some(breaker.ask(Operation::Change, change.change(username, current, new)).await)
    }

    /// Whether each backend could answer now: all are asked at once, none for longer than `patience`.
    pub(super) async fn health(&self, patience: Duration) -> Vec<(&str, Result<(), Unavailable>)> {
        let mut asked = JoinSet::new();
        for (index, Place { breaker, .. }) in self.places.iter().enumerate() {
            let breaker = breaker.clone();
            asked.spawn(async move { (index, breaker.health_within(patience).await) });
        }
        let mut answers: Vec<_> = self
            .places
            .iter()
            .map(|place| (place.breaker.name(), Err(Unavailable::because("the check failed"))))
            .collect();
        while let Some(answered) = asked.join_next().await {
            if let Ok((index, answer)) = answered
                && let Some((_, known)) = answers.get_mut(index)
            {
                *known = answer;
            }
        }
        answers
    }

    /// How each backend was lately seen. Asks none.
    pub(super) fn conditions(&self) -> impl Iterator<Item = Condition<'_>> {
        self.places.iter().map(|place| place.breaker.condition())
    }

    /// The backends that are buttons on the login page, in order.
    pub(super) fn redirects(&self) -> impl Iterator<Item = &str> {
        let breakers = self.places.iter().map(|place| &place.breaker);
        let is_button =
            |breaker: &&Arc<Breaker>| matches!(breaker.backend().login(), Login::Redirect(_));
        breakers.filter(is_button).map(|breaker| breaker.name())
    }

    fn breaker(&self, backend: &str) -> Option<&Arc<Breaker>> {
        let mut breakers = self.places.iter().map(|place| &place.breaker);
        breakers.find(|breaker| breaker.name() == backend)
    }
}

impl Link {
    /// Whether everybody of `later` would be told here already that their password is wrong.
    fn hides(&self, later: &Self) -> bool {
        let open = |link: &Self| {
            link.usernames.is_empty() && matches!(link.backend.login(), Login::Password(_))
        };
        !self.backend.tells_unknown() && open(self) && open(later)
    }
}

#[cfg(test)]
mod tests;
