//! The backends in their configured order, and which of them is asked about whom.

use std::time::Duration;

use tokio::time::timeout;
use vestibule_plugin::{
    Backend, Identity, Login, Password, Refusal, Subject, Unavailable, Username,
};

use super::names::{self, Pattern};
use super::registry::Misconfigured;

/// One backend in the chain.
pub(super) struct Link {
    /// Permanent: accounts are tied to it.
    pub(super) name: String,
    /// Names that go to this backend alone; it gets no others. Empty: it gets what nobody owns.
    pub(super) usernames: Vec<Pattern>,
    /// How long an answer may take.
    pub(super) patience: Duration,
    pub(super) backend: Box<dyn Backend>,
}

/// All backends, in the order in which they are asked.
pub(super) struct Chain {
    links: Vec<Link>,
}

/// What the chain says of a login, and which backend said it.
pub(super) struct Answer<'a> {
    /// The backend that knows the name; none if nobody does.
    pub(super) backend: Option<&'a str>,
    pub(super) outcome: Result<Identity, Refusal>,
}

impl Chain {
    /// Two backends that claim the same names are an error: it would depend on their order who gets
    /// the passwords.
    pub(super) fn new(links: Vec<Link>) -> Result<Self, Misconfigured> {
        for (index, one) in links.iter().enumerate() {
            for two in links.iter().skip(index + 1) {
                let claimed_by_two =
                    |pattern: &Pattern| two.usernames.iter().any(|other| pattern.collides(other));
                if one.usernames.iter().any(claimed_by_two) {
                    let (one, two) = (one.name.clone(), two.name.clone());
                    return Err(Misconfigured::Collision { one, two });
                }
            }
        }
        Ok(Self { links })
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
        for link in self.asked_about(username) {
            let Login::Password(login) = link.backend.login() else { continue };
            match within(link.patience, login.authenticate(username, password)).await {
                Err(Refusal::Unknown) => continue,
                outcome => return Answer { backend: Some(&link.name), outcome },
            }
        }
        Answer { backend: None, outcome: Err(Refusal::Unknown) }
    }

    /// The backends that may hear of a name: its one owner, or all that own nothing.
    fn asked_about(&self, username: &Username) -> impl Iterator<Item = &Link> {
        names::asked_about(&self.links, |link| &link.usernames, username)
    }

    /// The person today, as the backend of this name tells it; `None` if it cannot be asked.
    pub(super) async fn lookup(
        &self,
        backend: &str,
        subject: &Subject,
    ) -> Option<Result<Identity, Refusal>> {
        let link = self.link(backend)?;
        let directory = link.backend.directory()?;
        Some(within(link.patience, directory.lookup(subject)).await)
    }

    /// Whether each backend could answer now.
    pub(super) async fn health(&self) -> Vec<(&str, Result<(), Unavailable>)> {
        let mut health = Vec::new();
        for link in &self.links {
            let answer = timeout(link.patience, link.backend.health()).await;
            health.push((link.name.as_str(), answer.unwrap_or_else(|_| Err(late(link.patience)))));
        }
        health
    }

    /// The backends that are buttons on the login page, in order.
    pub(super) fn redirects(&self) -> impl Iterator<Item = &str> {
        let is_button = |link: &&Link| matches!(link.backend.login(), Login::Redirect(_));
        self.links.iter().filter(is_button).map(|link| link.name.as_str())
    }

    fn link(&self, backend: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == backend)
    }
}

/// The one time limit on what backends do.
async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    timeout(patience, answer).await.unwrap_or_else(|_| Err(late(patience).into()))
}

fn late(patience: Duration) -> Unavailable {
    Unavailable::because(format!("no answer within {patience:?}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use vestibule_plugin::{Attributes, PasswordLogin};

    use super::super::names::normalise;
    use super::*;

    /// What a backend of these tests does when it is asked.
    #[derive(Clone, Copy)]
    enum Act {
        LetIn,
        Unknown,
        Wrong,
        Locked,
        Down,
        Hang,
    }

    struct Actor {
        act: Act,
        asked: Arc<AtomicUsize>,
    }

    #[async_trait]
    impl Backend for Actor {
        fn login(&self) -> Login<'_> {
            Login::Password(self)
        }

        async fn health(&self) -> Result<(), Unavailable> {
            match self.act {
                Act::Down => Err(Unavailable::because("down")),
                Act::Hang => std::future::pending().await,
                _ => Ok(()),
            }
        }
    }

    #[async_trait]
    impl PasswordLogin for Actor {
        async fn authenticate(&self, _: &Username, _: &Password) -> Result<Identity, Refusal> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            match self.act {
                Act::LetIn => Ok(Identity::new(Subject::parse("s").unwrap(), Attributes::new())),
                Act::Unknown => Err(Refusal::Unknown),
                Act::Wrong => Err(Refusal::WrongCredentials(None)),
                Act::Locked => Err(Refusal::Locked { proved: false, subject: None }),
                Act::Down => Err(Unavailable::because("down").into()),
                Act::Hang => std::future::pending().await,
            }
        }
    }

    struct Cast {
        chain: Chain,
        asked: Vec<Arc<AtomicUsize>>,
    }

    impl Cast {
        fn new(backends: &[(&str, Act, &[&str])]) -> Self {
            let asked: Vec<_> = backends.iter().map(|_| Arc::<AtomicUsize>::default()).collect();
            let links = backends.iter().zip(&asked).map(|((name, act, usernames), asked)| Link {
                name: (*name).to_owned(),
                usernames: usernames.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
                patience: Duration::from_millis(20),
                backend: Box::new(Actor { act: *act, asked: asked.clone() }),
            });
            Self { chain: Chain::new(links.collect()).unwrap(), asked }
        }

        async fn log_in(&self, name: &str) -> Answer<'_> {
            let password = Password::parse("secret".to_owned()).unwrap();
            self.chain.authenticate(&normalise(name).unwrap(), &password).await
        }

        fn asked(&self) -> Vec<usize> {
            self.asked.iter().map(|count| count.load(Ordering::SeqCst)).collect()
        }
    }

    #[tokio::test]
    async fn only_unknown_moves_on() {
        let cast = Cast::new(&[("a", Act::Unknown, &[]), ("b", Act::LetIn, &[])]);
        let answer = cast.log_in("alice").await;
        assert!(answer.outcome.is_ok());
        assert_eq!(answer.backend, Some("b"));

        for act in [Act::Wrong, Act::Locked, Act::Down] {
            let cast = Cast::new(&[("a", act, &[]), ("b", Act::LetIn, &[])]);
            let answer = cast.log_in("alice").await;
            assert!(answer.outcome.is_err());
            assert_eq!(answer.backend, Some("a"));
            assert_eq!(cast.asked(), [1, 0], "the second backend heard nothing");
        }
    }

    #[tokio::test]
    async fn nobody_knows_who_is_unknown_everywhere() {
        let cast = Cast::new(&[("a", Act::Unknown, &[]), ("b", Act::Unknown, &[])]);
        let answer = cast.log_in("alice").await;
        assert!(matches!(answer.outcome, Err(Refusal::Unknown)));
        assert_eq!(answer.backend, None);
        assert_eq!(cast.asked(), [1, 1]);
    }

    // LK4: an outage lets nobody in by the back door.
    #[tokio::test]
    async fn a_backend_that_hangs_is_unavailable_after_its_patience() {
        let cast = Cast::new(&[("a", Act::Hang, &[]), ("b", Act::LetIn, &[])]);
        let answer = cast.log_in("alice").await;
        let Err(Refusal::Unavailable(cause)) = answer.outcome else { panic!("it answered") };
        assert!(cause.to_string().ends_with("no answer within 20ms"), "{cause}");
        assert_eq!(cast.asked(), [1, 0]);

        let health = cast.chain.health().await;
        assert!(matches!(health.as_slice(), [("a", Err(_)), ("b", Ok(()))]));
    }

    #[tokio::test]
    async fn owned_names_go_to_their_owner_alone() {
        let cast = Cast::new(&[
            ("people", Act::Unknown, &[]),
            ("corp", Act::LetIn, &["*@corp.example", "CORP\\*"]),
            ("partners", Act::LetIn, &["*@partner.example"]),
            ("rest", Act::Unknown, &[]),
        ]);
        for (name, asked) in [
            ("alice@corp.example", [0, 1, 0, 0]),
            ("Corp\\Alice", [0, 2, 0, 0]),
            ("bob@PARTNER.example", [0, 2, 1, 0]),
            ("alice", [1, 2, 1, 1]),
            ("alice@corp.example.org", [2, 2, 1, 2]),
            // Claimed by a beginning and by an end of two backends: nobody hears of it.
            ("corp\\x@partner.example", [2, 2, 1, 2]),
        ] {
            let _ = cast.log_in(name).await;
            assert_eq!(cast.asked(), asked, "{name}");
        }
    }

    #[tokio::test]
    async fn a_dead_owner_stops_only_its_own_people() {
        let cast = Cast::new(&[("corp", Act::Down, &["*@corp.example"]), ("all", Act::LetIn, &[])]);
        let theirs = cast.log_in("alice@corp.example").await;
        assert!(matches!(theirs.outcome, Err(Refusal::Unavailable(_))));
        assert!(cast.log_in("alice").await.outcome.is_ok());
    }

    #[test]
    fn two_backends_cannot_claim_the_same_names() {
        let link = |name: &str, usernames: &[&str]| Link {
            name: name.to_owned(),
            usernames: usernames.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
            patience: Duration::from_secs(1),
            backend: Box::new(Actor { act: Act::Unknown, asked: Arc::default() }),
        };
        let build = |one: &[&str], two: &[&str]| Chain::new(vec![link("a", one), link("b", two)]);
        for (one, two) in [
            (["*@corp.example"], ["*@CORP.example"]),
            (["*.example"], ["*@corp.example"]),
            (["CORP\\*"], ["corp\\admin*"]),
            (["root"], ["Root"]),
            (["root"], ["ro*"]),
            (["*@corp.example"], ["root@corp.example"]),
        ] {
            let error = build(&one, &two).err().unwrap();
            let (a, b) = ("a".to_owned(), "b".to_owned());
            assert_eq!(error, Misconfigured::Collision { one: a, two: b }, "{one:?} {two:?}");
        }
        assert!(build(&["*@corp.example", "*.example"], &["CORP\\*", "*@example.org"]).is_ok());
        assert!(build(&[], &["*@corp.example"]).is_ok());
    }
}
