//! How many passwords may be tried: under a name, from an address, for a person.
//!
//! A try is counted by one statement *before* a backend is asked, so that of a hundred at once no more
//! pass than of a hundred in turn (LK5), and taken back when it succeeds; nothing else lowers a counter
//! before its window is over (LK2). All counters must permit a try. Who has reached a limit waits until
//! the window ends, and no longer, however often they come back in between.
//!
//! *Why they are read first:* who has reached a limit is refused without a write. Otherwise each try from
//! a blocked address would cost a commit, and keep the counter of whatever name it gives busy.
//!
//! *Why a fixed number of buckets:* names that nobody has are counted like any other, or the answer
//! would tell which exist; without a bound, whoever invents names would fill the table.
//!
//! *Why a counter for known browsers:* anybody can use up the tries under a name. A browser in which
//! this name has logged in before has tries of its own that strangers cannot touch.
//!
//! *Why a limit over all browsers:* a directory shuts an account itself after so many wrong passwords,
//! for longer than we do and everywhere. Where a backend's `attempts` say how many it may hear of, all
//! browsers together have no more under one name; strangers have the half of them, rounded up, so that
//! the rest is left to the browsers that are known. A name that several backends may hear of has the
//! least of their limits. What it does not bound: somebody with several names has so many tries under
//! each, and what the directory hears from others.

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
    /// Whether it was made in a browser that is known, which has tries of its own.
    pub(super) known: bool,
    /// How many tries strangers have under this name.
    most: u32,
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

    /// Counts a try under a normalised name, of which the backends put up with `heard` wrong ones.
    /// `Err` is to be answered at once: nobody is asked.
    pub(super) async fn count(
        &self,
        username: &str,
        heard: Option<u32>,
        address: IpAddr,
        browser: Option<&KnownBrowser>,
        now: Timestamp,
    ) -> Result<Result<Counted, TooMany>, storage::Fault> {
        let window = self.limits.window;
        let name = self.keyed("name", username);
        let known = browser.filter(|browser| browser.names.contains(&name));
        let most = heard.map_or(u32::MAX, |heard| heard.div_ceil(2)).min(self.limits.per_name);
        let mut limited = self.limited(username, most, address, known);
        limited.extend(heard.map(|heard| (self.bucket("heard", username), heard)));
        let buckets: Vec<String> = limited.iter().map(|(bucket, _)| bucket.clone()).collect();

        let before = attempts::read(&self.storage, &buckets, now, window).await?;
        let full = beyond(&before, |bucket| limit_of(&limited, bucket) - 1);
        if let Some(until) = full.iter().map(|count| count.first_at).max() {
            return Ok(Err(self.wait(until, now)));
        }
        let counts = attempts::count(&self.storage, &buckets, now, window).await?;
        let over = beyond(&counts, |bucket| limit_of(&limited, bucket));
        let Some(until) = over.iter().map(|count| count.first_at).max() else {
            return Ok(Ok(Counted { buckets, known: known.is_some(), most, name }));
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

    /// The counters that must permit a try, each with its limit.
    fn limited(
        &self,
        username: &str,
        most: u32,
        address: IpAddr,
        known: Option<&KnownBrowser>,
    ) -> Vec<(String, u32)> {
        let Limits { per_name, per_address, .. } = self.limits;
        match known {
            // The name is part of it: who knows two names has not twice the tries for one.
            Some(browser) => {
                let both = format!("{}\0{username}", browser.id);
                vec![(self.bucket("browser", &both), per_name)]
            }
            None => vec![
                (self.bucket("name", username), most),
                (self.bucket("address", &network(address)), per_address),
            ],
        }
    }

    /// Takes a try back: it succeeded, or nobody could judge it.
    pub(super) async fn take_back(&self, counted: &Counted) -> Result<(), storage::Fault> {
        attempts::take_back(&self.storage, &counted.buckets).await
    }

    /// Counts a wrong password for a person, whatever name was typed; nothing for a known browser.
    pub(super) async fn count_for(
        &self,
        backend: &str,
        subject: &Subject,
        counted: &Counted,
        now: Timestamp,
    ) -> Result<Result<(), TooMany>, storage::Fault> {
        if counted.known {
            return Ok(Ok(()));
        }
        let bucket = [self.person(backend, subject)];
        let counts = attempts::count(&self.storage, &bucket, now, self.limits.window).await?;
        Ok(self.judge(&counts, i64::from(counted.most), now))
    }

    /// Whether a person's right password is let in: under the same condition under which a wrong one
    /// would be told that it is wrong, so that "too many" does not tell a right password.
    pub(super) async fn permits(
        &self,
        backend: &str,
        subject: &Subject,
        counted: &Counted,
        now: Timestamp,
    ) -> Result<Result<(), TooMany>, storage::Fault> {
        if counted.known {
            return Ok(Ok(()));
        }
        let bucket = [self.person(backend, subject)];
        let counts = attempts::read(&self.storage, &bucket, now, self.limits.window).await?;
        Ok(self.judge(&counts, i64::from(counted.most) - 1, now))
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
        match beyond(counts, |_| most).first() {
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

/// The counts that have come to more than they may.
fn beyond(
    counts: &[storage::attempt::Model],
    most: impl Fn(&str) -> i64,
) -> Vec<&storage::attempt::Model> {
    counts.iter().filter(|count| count.failures > most(&count.bucket)).collect()
}

/// How many tries a counter may hold.
fn limit_of(limited: &[(String, u32)], bucket: &str) -> i64 {
    let limit = limited.iter().find(|(known, _)| known == bucket);
    limit.map_or(i64::MAX, |(_, limit)| i64::from(*limit))
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
mod tests;
