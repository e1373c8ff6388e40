//! How many passwords may be tried: under a name, from an address, for a person.
//!
//! A try is counted by one statement *before* a backend is asked, so that a hundred at once count a
//! hundred (LK5), and taken back when it succeeds; nothing else lowers a counter before its window is
//! over (LK2). All counters must permit a try. Who is over a limit waits until the window ends, and
//! no longer, however often they come back in between.
//!
//! *Why a fixed number of buckets:* names that nobody has are counted like any other, or the answer
//! would tell which exist; without a bound, whoever invents names would fill the table.
//!
//! *Why a counter for known browsers:* anybody can use up the tries under a name. A browser in which
//! this name has logged in before has tries of its own that strangers cannot touch.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_plugin::Subject;

use crate::protocol::Timestamp;
use crate::seal::{Purpose, Sealer};
use crate::secret;
use crate::storage::{self, Storage, attempts};

/// How much is too much.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tries under one name, for one person, or in one known browser.
    pub per_name: u32,
    /// Tries from one address; from one /64 of IPv6.
    pub per_address: u32,
    /// Since the first of them. Also the longest that anybody has to wait.
    pub window: Duration,
}

#[derive(Clone)]
pub(super) struct Lockout {
    pub(super) storage: Storage,
    pub(super) sealer: Sealer,
    pub(super) limits: Limits,
}

/// A browser in which people have logged in: what its sealed cookie says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBrowser {
    /// Random; names its counter.
    id: String,
    /// Keyed hashes of the names that logged in, the latest last.
    names: Vec<String>,
}

impl KnownBrowser {
    /// In a family's browser everybody keeps their place; a library's forgets the first.
    const NAMES: usize = 8;

    /// The browser as it is known after another login.
    fn remember(known: Option<&Self>, name: String) -> Self {
        let (id, mut names) = match known {
            Some(known) => (known.id.clone(), known.names.clone()),
            None => (secret::id(), Vec::new()),
        };
        names.retain(|other| *other != name);
        names.push(name);
        let forgotten = names.len().saturating_sub(Self::NAMES);
        names.drain(..forgotten);
        Self { id, names }
    }
}

/// A counted try.
pub(super) struct Counted {
    buckets: Vec<String>,
    /// Whether only the browser's own counter was asked.
    pub(super) known: bool,
    /// The keyed hash of the name, for the cookie.
    name: String,
}

/// A counted try at an administrator's name.
#[cfg(feature = "database")]
pub(super) struct CountedAdministrator {
    buckets: [String; 1],
    /// How many tries beyond the limit this one is.
    pub(super) beyond: u32,
}

/// Over a limit, and for how long still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    pub(super) retry_after: Duration,
}

impl Lockout {
    /// Buckets of names, and of addresses: 2^20 each.
    const BUCKETS: u32 = 1 << 20;

    /// Counts a try under a normalised name. `Err` is to be answered at once: nobody is asked.
    pub(super) async fn count(
        &self,
        username: &str,
        address: IpAddr,
        browser: Option<&KnownBrowser>,
        now: Timestamp,
    ) -> Result<Result<Counted, TooMany>, storage::Fault> {
        let name = self.keyed("name", username);
        let Limits { per_name, per_address, .. } = self.limits;
        let known = browser.filter(|browser| browser.names.contains(&name));
        let mut limited = Vec::new();
        match known {
            // The name is part of it: who knows two names has not twice the tries for one.
            Some(browser) => {
                let both = format!("{}\0{username}", browser.id);
                limited.push((self.bucket("browser", &both), per_name));
            }
            None => {
                limited.push((self.bucket("name", username), per_name));
                limited.push((self.bucket("address", &network(address)), per_address));
            }
        }
        let buckets: Vec<String> = limited.iter().map(|(bucket, _)| bucket.clone()).collect();
        let counts = attempts::count(&self.storage, &buckets, now, self.limits.window).await?;
        let over: Vec<_> = counts
            .iter()
            .filter(|count| {
                let limit = limited.iter().find(|(bucket, _)| *bucket == count.bucket);
                limit.is_some_and(|(_, limit)| count.failures > i64::from(*limit))
            })
            .collect();
        let Some(until) = over.iter().map(|count| count.first_at).max() else {
            return Ok(Ok(Counted { buckets, known: known.is_some(), name }));
        };
        // A try that one counter refuses is not held against the other: from a blocked address
        // nobody could use up the tries of every name there is.
        let innocent: Vec<String> = buckets
            .into_iter()
            .filter(|bucket| over.iter().all(|count| count.bucket != *bucket))
            .collect();
        if !innocent.is_empty() {
            attempts::take_back(&self.storage, &innocent).await?;
        }
        Ok(Err(self.wait(until, now)))
    }

    /// Takes a try back: it succeeded, or nobody could judge it.
    pub(super) async fn take_back(&self, counted: &Counted) -> Result<(), storage::Fault> {
        attempts::take_back(&self.storage, &counted.buckets).await
    }

    /// Counts a wrong password for a person, whatever name was typed.
    pub(super) async fn count_for(
        &self,
        backend: &str,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Result<(), TooMany>, storage::Fault> {
        let bucket = [self.person(backend, subject)];
        let counts = attempts::count(&self.storage, &bucket, now, self.limits.window).await?;
        Ok(self.judge(&counts, i64::from(self.limits.per_name), now))
    }

    /// Whether a person's right password is let in: under the same condition under which a wrong one
    /// would be told that it is wrong, so that "too many" does not tell a right password.
    pub(super) async fn permits(
        &self,
        backend: &str,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Result<(), TooMany>, storage::Fault> {
        let bucket = [self.person(backend, subject)];
        let counts = attempts::read(&self.storage, &bucket, now, self.limits.window).await?;
        Ok(self.judge(&counts, i64::from(self.limits.per_name) - 1, now))
    }

    /// Counts a try at an administrator's name. Never refuses.
    #[cfg(feature = "database")]
    pub(super) async fn count_administrator(
        &self,
        username: &str,
        now: Timestamp,
    ) -> Result<CountedAdministrator, storage::Fault> {
        let buckets = [self.bucket("administrator", username)];
        let counts = attempts::count(&self.storage, &buckets, now, self.limits.window).await?;
        let failures = counts.first().map_or(0, |count| count.failures);
        let beyond = failures.saturating_sub(i64::from(self.limits.per_name));
        let beyond = u32::try_from(beyond.max(0)).unwrap_or(u32::MAX);
        Ok(CountedAdministrator { buckets, beyond })
    }

    #[cfg(feature = "database")]
    pub(super) async fn take_back_administrator(
        &self,
        counted: CountedAdministrator,
    ) -> Result<(), storage::Fault> {
        attempts::take_back(&self.storage, &counted.buckets).await
    }

    /// The browser after the try that was counted has succeeded.
    pub(super) fn remember(
        &self,
        browser: Option<&KnownBrowser>,
        counted: Counted,
    ) -> KnownBrowser {
        KnownBrowser::remember(browser, counted.name)
    }

    fn judge(
        &self,
        counts: &[storage::attempt::Model],
        most: i64,
        now: Timestamp,
    ) -> Result<(), TooMany> {
        match counts.iter().find(|count| count.failures > most) {
            Some(count) => Err(self.wait(count.first_at, now)),
            None => Ok(()),
        }
    }

    fn wait(&self, first_at: Timestamp, now: Timestamp) -> TooMany {
        let left = first_at.plus(self.limits.window).since(now);
        // Another node's clock may be ahead.
        let retry_after = left.clamp(Duration::from_secs(1), self.limits.window);
        TooMany { retry_after }
    }

    fn person(&self, backend: &str, subject: &Subject) -> String {
        format!("person:{}", self.keyed("person", &format!("{backend}\0{subject}")))
    }

    /// One of a fixed number.
    fn bucket(&self, kind: &str, of: &str) -> String {
        let [a, b, c, d, ..] = self.mac(kind, of);
        format!("{kind}:{:05x}", u32::from_be_bytes([a, b, c, d]) % Self::BUCKETS)
    }

    /// 128 bits.
    fn keyed(&self, kind: &str, of: &str) -> String {
        self.mac(kind, of).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    fn mac(&self, kind: &str, of: &str) -> [u8; 32] {
        self.sealer.mac(Purpose::Lockout, format!("{kind}\0{of}").as_bytes())
    }
}

/// What one customer of a network provider has to themselves: an IPv4 address, a /64 of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::sealer;
    use super::*;
    use crate::storage::scratch::{Scratch, sqlite};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const WINDOW: Duration = Duration::from_secs(900);

    async fn lockout() -> (Scratch, Lockout) {
        let scratch = sqlite().await;
        let limits = Limits { per_name: 3, per_address: 5, window: WINDOW };
        let storage = scratch.storage.clone();
        (scratch, Lockout { storage, sealer: sealer(), limits })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    async fn count(
        lockout: &Lockout,
        name: &str,
        from: &str,
        now: Timestamp,
    ) -> Result<(), TooMany> {
        lockout.count(name, address(from), None, now).await.unwrap().map(drop)
    }

    #[tokio::test]
    async fn beyond_the_limit_of_a_name_one_waits_for_the_window_to_end() {
        let (_scratch, lockout) = lockout().await;
        for second in 0..3 {
            let from = format!("192.0.2.{second}");
            let now = NOW.plus(Duration::from_secs(second));
            assert_eq!(count(&lockout, "alice", &from, now).await, Ok(()));
        }
        // However often one comes back, the wait gets shorter.
        for second in [3, 100, 200, 898] {
            let now = NOW.plus(Duration::from_secs(second));
            let refused = count(&lockout, "alice", "192.0.2.9", now).await;
            assert_eq!(refused, Err(TooMany { retry_after: Duration::from_secs(900 - second) }));
        }
        assert_eq!(count(&lockout, "bob", "192.0.2.9", NOW).await, Ok(()), "others are free");
        let over = NOW.plus(WINDOW);
        assert_eq!(count(&lockout, "alice", "192.0.2.9", over).await, Ok(()));
    }

    #[tokio::test]
    async fn beyond_the_limit_of_an_address_no_name_loses_a_try() {
        let (_scratch, lockout) = lockout().await;
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(count(&lockout, name, "192.0.2.1", NOW).await, Ok(()));
        }
        for _ in 0..10 {
            assert!(count(&lockout, "alice", "192.0.2.1", NOW).await.is_err());
        }
        for _ in 0..3 {
            assert_eq!(count(&lockout, "alice", "192.0.2.2", NOW).await, Ok(()));
        }
    }

    // LK3
    #[tokio::test]
    async fn a_network_is_one_address() {
        assert_eq!(network(address("::ffff:192.0.2.1")), network(address("192.0.2.1")));
        assert_eq!(network(address("2001:db8::1")), network(address("2001:db8::ffff:1:2:3")));
        assert_ne!(network(address("2001:db8::1")), network(address("2001:db8:0:1::1")));
        assert_ne!(network(address("192.0.2.1")), network(address("192.0.2.2")));
    }

    // LK3
    #[tokio::test]
    async fn whoever_has_a_network_to_themselves_has_no_more_tries() {
        let (_scratch, lockout) = lockout().await;
        for host in 1..=5 {
            let (name, from) = (format!("name-{host}"), format!("2001:db8::{host}"));
            assert_eq!(count(&lockout, &name, &from, NOW).await, Ok(()));
        }
        assert!(count(&lockout, "alice", "2001:db8::6", NOW).await.is_err());
        assert_eq!(count(&lockout, "alice", "2001:db8:0:1::6", NOW).await, Ok(()));
    }

    // LK5
    #[tokio::test(flavor = "multi_thread")]
    async fn a_hundred_tries_at_once_count_a_hundred() {
        let (_scratch, mut lockout) = lockout().await;
        lockout.limits.per_address = 1000;
        let tries: Vec<_> = (0..100)
            .map(|_| {
                let lockout = lockout.clone();
                tokio::spawn(async move { count(&lockout, "alice", "192.0.2.1", NOW).await })
            })
            .collect();
        let mut permitted = 0;
        for one in tries {
            permitted += usize::from(one.await.unwrap().is_ok());
        }
        assert_eq!(permitted, 3);
        let bucket = [lockout.bucket("name", "alice")];
        let counts = attempts::read(&lockout.storage, &bucket, NOW, WINDOW).await.unwrap();
        assert_eq!(counts[0].failures, 100);
    }

    // LK2
    #[tokio::test]
    async fn a_success_takes_back_its_own_try_and_no_other() {
        let (_scratch, lockout) = lockout().await;
        let from = address("192.0.2.1");
        for _ in 0..2 {
            let _wrong = lockout.count("alice", from, None, NOW).await.unwrap();
        }
        for _ in 0..5 {
            let Ok(right) = lockout.count("alice", from, None, NOW).await.unwrap() else {
                panic!("a third try is permitted");
            };
            lockout.take_back(&right).await.unwrap();
        }
        assert_eq!(count(&lockout, "alice", "192.0.2.1", NOW).await, Ok(()));
        assert!(count(&lockout, "alice", "192.0.2.1", NOW).await.is_err());
    }

    // LK3
    #[tokio::test]
    async fn a_person_is_counted_whatever_name_was_typed() {
        let (_scratch, lockout) = lockout().await;
        let subject = Subject::parse("s").unwrap();
        for _ in 0..3 {
            assert_eq!(lockout.permits("a", &subject, NOW).await.unwrap(), Ok(()));
            assert_eq!(lockout.count_for("a", &subject, NOW).await.unwrap(), Ok(()));
        }
        let right = lockout.permits("a", &subject, NOW).await.unwrap();
        let wrong = lockout.count_for("a", &subject, NOW).await.unwrap();
        assert!(right.is_err());
        assert_eq!(right, wrong, "too many does not tell which password was right");
        assert_eq!(lockout.permits("b", &subject, NOW).await.unwrap(), Ok(()));
        assert_eq!(lockout.permits("a", &subject, NOW.plus(WINDOW)).await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn strangers_cannot_use_up_the_tries_of_a_known_browser() {
        let (_scratch, lockout) = lockout().await;
        let from = address("192.0.2.1");
        let Ok(first) = lockout.count("alice", from, None, NOW).await.unwrap() else {
            panic!("a first try is permitted");
        };
        lockout.take_back(&first).await.unwrap();
        let browser = lockout.remember(None, first);
        for _ in 0..10 {
            let _stranger = lockout.count("alice", from, None, NOW).await.unwrap();
        }
        for _ in 0..3 {
            let own = lockout.count("alice", from, Some(&browser), NOW).await.unwrap();
            assert!(own.is_ok_and(|counted| counted.known));
        }
        let own = lockout.count("alice", from, Some(&browser), NOW).await.unwrap();
        assert!(own.is_err(), "it has as many tries as anybody");
        let other = lockout.count("bob", address("192.0.2.2"), Some(&browser), NOW).await.unwrap();
        assert!(other.is_ok_and(|counted| !counted.known), "it is known for one name only");
    }

    #[test]
    fn a_browser_remembers_the_last_names() {
        let mut browser = KnownBrowser::remember(None, "0".to_owned());
        let id = browser.id.clone();
        for name in 1..20 {
            browser = KnownBrowser::remember(Some(&browser), name.to_string());
        }
        browser = KnownBrowser::remember(Some(&browser), "15".to_owned());
        assert_eq!(browser.id, id);
        assert_eq!(browser.names, ["12", "13", "14", "16", "17", "18", "19", "15"]);
    }
}
