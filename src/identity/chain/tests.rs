//! Who is asked about whom, and what follows from the answers.

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

    fn tells_unknown(&self) -> bool {
        !matches!(self.act, Act::Wrong)
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

fn link(name: &str, act: Act, usernames: &[&str]) -> Link {
    Link {
        name: name.to_owned(),
        usernames: usernames.iter().map(|text| Pattern::parse(text).unwrap()).collect(),
        patience: Duration::from_millis(20),
        attempts: None,
        backend: Box::new(Actor { act, asked: Arc::default() }),
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
            attempts: None,
            backend: Box::new(Actor { act: *act, asked: asked.clone() }),
        });
        Self { chain: Chain::new(links.collect(), 3).unwrap(), asked }
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
        let cast = Cast::new(&[("a", act, &["al*"]), ("b", Act::LetIn, &[])]);
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

    let health = cast.chain.health(Duration::MAX).await;
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
    let build = |one: &[&str], two: &[&str]| {
        Chain::new(vec![link("a", Act::Unknown, one), link("b", Act::Unknown, two)], 3)
    };
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

#[test]
fn who_cannot_tell_unknown_from_wrong_owns_its_names_or_is_the_last() {
    let build = |backends: &[(&str, Act, &[&str])]| {
        let links = backends.iter().map(|(name, act, usernames)| link(name, *act, usernames));
        Chain::new(links.collect(), 3).err().map(|error| error.to_string())
    };
    assert_eq!(
        build(&[("a", Act::LetIn, &[]), ("b", Act::Wrong, &[]), ("c", Act::LetIn, &[])]).unwrap(),
        "the backend `b` cannot tell an unknown name from a wrong password, so `c` would never be \
         asked; give `usernames` to `b`, or put it behind `c`"
    );
    assert_eq!(build(&[("a", Act::LetIn, &[]), ("b", Act::Wrong, &[])]), None);
    assert_eq!(build(&[("a", Act::Wrong, &["*@a"]), ("b", Act::LetIn, &[])]), None);
    // The other is asked about its own names alone, and of these the first hears nothing.
    assert_eq!(build(&[("a", Act::Wrong, &[]), ("b", Act::LetIn, &["*@b"])]), None);
}

#[test]
fn a_name_has_the_tries_of_the_strictest_who_may_hear_of_it() {
    let limited =
        |name, usernames, attempts| Link { attempts, ..link(name, Act::Unknown, usernames) };
    let links = vec![
        limited("a", &[], Some(5)),
        limited("b", &[], None),
        limited("c", &[], Some(3)),
        limited("d", &["*@d"], Some(2)),
        limited("e", &["*@e"], None),
    ];
    let chain = Chain::new(links, 3).unwrap();
    let attempts =
        ["alice", "alice@d", "alice@e"].map(|name| chain.attempts(&normalise(name).unwrap()));
    assert_eq!(attempts, [Some(3), Some(2), None]);
}
