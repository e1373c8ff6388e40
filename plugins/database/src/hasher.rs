//! Argon2id (RFC 9106) on a bounded pool with a bounded queue.
//!
//! *Why a pool:* each hash takes megabytes and milliseconds. Unbounded, a storm of logins takes the
//! machine's memory first and then its time from every other request.
//!
//! *Why the place in the queue travels with the work:* a caller that gives up does not stop a hash
//! that has begun, so its place is free only when the hash is done.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use vestibule_plugin::{Password, Unavailable};
use zeroize::Zeroizing;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// In KiB.
    pub memory: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Cost {
    /// 1 GiB.
    pub const MOST_MEMORY: u32 = 1024 * 1024;
    pub const MOST_PASSES: u32 = 64;
    pub const MOST_LANES: u32 = 16;

    fn of(params: &Params) -> Self {
        Self { memory: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
    }

    /// Whether a stored hash of this cost may be verified: whoever can write a row must not be able
    /// to stop the machine.
    fn is_bearable(self) -> bool {
        self.memory <= Self::MOST_MEMORY
            && self.passes <= Self::MOST_PASSES
            && self.lanes <= Self::MOST_LANES
    }

    fn params(self) -> Result<Params, Unavailable> {
        Params::new(self.memory, self.passes, self.lanes, None).map_err(Unavailable::because)
    }
}

impl Default for Cost {
    /// The first recommendation of OWASP's Password Storage Cheat Sheet that needs 19 MiB.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1 }
    }
}

/// Whether a password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// Right, but hashed at another cost than is configured now.
    RightButOutdated,
    Wrong,
}

/// Hashes passwords, a few at a time. Cheap to clone; the clones share one pool.
#[derive(Clone)]
pub struct Hasher {
    cost: Cost,
    pool: Arc<Pool>,
}

struct Pool {
    /// One permit for each hash that runs.
    workers: Arc<Semaphore>,
    /// One permit for each hash that runs or waits.
    places: Arc<Semaphore>,
    capacity: usize,
    /// Memory of hashes that are done, kept while others want it: fresh pages cost a fifth of a hash.
    spare: Mutex<Vec<Vec<Block>>>,
}

/// A place at work. Dropping it makes room for another.
struct Turn {
    pool: Arc<Pool>,
    _worker: OwnedSemaphorePermit,
    place: Option<OwnedSemaphorePermit>,
}

impl Hasher {
    /// At most `workers` at the same time, with at most `queue` more waiting.
    pub fn new(cost: Cost, workers: usize, queue: usize) -> Self {
        let capacity = workers.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let pool = Pool {
            workers: Arc::new(Semaphore::new(workers.min(capacity))),
            places: Arc::new(Semaphore::new(capacity)),
            capacity,
            spare: Mutex::default(),
        };
        Self { cost, pool: Arc::new(pool) }
    }

    /// The PHC string of a password under a fresh salt.
    pub async fn hash(&self, password: &Password) -> Result<String, Unavailable> {
        let params = self.cost.params()?;
        let salt = Salt::generate();
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let output = self.compute(password, (algorithm, version, params.clone()), salt).await?;
        let hash = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params).map_err(Unavailable::because)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Compares a password with a stored PHC string, at the cost that the string names.
    pub async fn verify(&self, password: &Password, stored: &str) -> Result<Verdict, Unavailable> {
        let Stored { function, salt, expected } = Stored::parse(stored)?;
        let (algorithm, version, params) = &function;
        let current = *algorithm == Algorithm::Argon2id
            && *version == Version::V0x13
            && Cost::of(params) == self.cost;
        let output = self.compute(password, function, salt).await?;
        // In constant time: `Output` compares so.
        Ok(if output != expected {
            Verdict::Wrong
        } else if current {
            Verdict::Right
        } else {
            Verdict::RightButOutdated
        })
    }

    /// Takes as long as a verification. For names that nobody has, lest the time tell.
    pub async fn waste(&self, password: &Password) -> Result<(), Unavailable> {
        let function = (Algorithm::Argon2id, Version::V0x13, self.cost.params()?);
        let salt = Salt::new(&[0; 16]).map_err(Unavailable::because)?;
        self.compute(password, function, salt).await.map(|_| ())
    }

    async fn compute(
        &self,
        password: &Password,
        (algorithm, version, params): (Algorithm, Version, Params),
        salt: Salt,
    ) -> Result<Output, Unavailable> {
        let turn = self.turn().await?;
        let password = Zeroizing::new(password.expose().to_owned());
        let work = move || -> Result<Output, Box<dyn std::error::Error + Send + Sync>> {
            let mut memory = turn.memory(params.block_count());
            let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
            let argon2 = Argon2::new(algorithm, version, params);
            let mut bytes = Zeroizing::new(vec![0; length]);
            argon2.hash_password_into_with_memory(
                password.as_bytes(),
                &salt,
                &mut bytes,
                memory.as_mut_slice(),
            )?;
            turn.pool.spare().push(memory);
            Ok(Output::new(&bytes)?)
        };
        spawn_blocking(work).await.map_err(Unavailable::because)?.map_err(Unavailable::because)
    }

    async fn turn(&self) -> Result<Turn, Unavailable> {
        let place = self.pool.places.clone().try_acquire_owned().map_err(|_| Unavailable::Busy)?;
        let worker =
            self.pool.workers.clone().acquire_owned().await.map_err(Unavailable::because)?;
        Ok(Turn { pool: self.pool.clone(), _worker: worker, place: Some(place) })
    }
}

impl Turn {
    fn memory(&self, blocks: usize) -> Vec<Block> {
        let mut memory = self.pool.spare().pop().unwrap_or_default();
        memory.resize(blocks, Block::new());
        memory
    }
}

impl Drop for Turn {
    /// Spare memory is for whoever is at work or waits; the last one frees it all. The place is given
    /// back under the lock, so that exactly one of two who finish together is the last.
    fn drop(&mut self) {
        let mut spare = self.pool.spare();
        self.place.take();
        if self.pool.places.available_permits() == self.pool.capacity {
            spare.clear();
        }
    }
}

impl Pool {
    /// A panic in another thread leaves a list of buffers behind that is as good as any.
    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A PHC string, taken apart.
struct Stored {
    function: (Algorithm, Version, Params),
    salt: Salt,
    expected: Output,
}

impl Stored {
    /// In bytes. A shorter output would be guessed.
    const SHORTEST: usize = 16;

    fn parse(text: &str) -> Result<Self, Unavailable> {
        let hash = PasswordHash::new(text).map_err(Unavailable::because)?;
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
            return Err(Unavailable::because("the stored password hash is incomplete"));
        };
        let algorithm =
            Algorithm::try_from(hash.algorithm.as_str()).map_err(Unavailable::because)?;
        let version = match hash.version {
            Some(version) => Version::try_from(version).map_err(Unavailable::because)?,
            None => Version::V0x13,
        };
        let params = Params::try_from(&hash).map_err(Unavailable::because)?;
        if !Cost::of(&params).is_bearable() || expected.len() < Self::SHORTEST {
            return Err(Unavailable::because("the stored password hash is out of bounds"));
        }
        Ok(Self { function: (algorithm, version, params), salt, expected })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CHEAP: Cost = Cost { memory: 8, passes: 1, lanes: 1 };

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn a_hash_is_a_phc_string_that_verifies() {
        let hasher = Hasher::new(Cost::default(), 2, 2);
        let hash = hasher.hash(&password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(hasher.verify(&password("correct horse"), &hash).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.verify(&password("correct house"), &hash).await.unwrap(), Verdict::Wrong);
        assert_ne!(hash, hasher.hash(&password("correct horse")).await.unwrap());
    }

    // The reference implementation's own vector: `echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1`.
    #[tokio::test]
    async fn hashes_of_the_reference_implementation_verify() {
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hasher = Hasher::new(Cost::default(), 1, 0);
        let verdict = hasher.verify(&password("password"), stored).await.unwrap();
        assert_eq!(verdict, Verdict::RightButOutdated);
    }

    #[tokio::test]
    async fn a_hash_beyond_all_bounds_is_not_tried() {
        let hasher = Hasher::new(CHEAP, 1, 0);
        for stored in [
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=64,t=1000000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO0",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
            "$2b$12$KIXQ0rQbR0E5v9g5GmEJ7uQ0nJ2oX1mD7vV1yM0b9oL6yQz9O1C3a",
            "plain text",
            "",
        ] {
            let answer = hasher.verify(&password("password"), stored).await;
            assert!(matches!(answer, Err(Unavailable::Failed(_))), "{stored}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn beyond_the_queue_there_is_no_room() {
        let hasher = Hasher::new(CHEAP, 1, 2);
        let at_work = hasher.turn().await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.waste(&password("x")).await })
            })
            .collect();
        while hasher.pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.waste(&password("x")).await, Err(Unavailable::Busy)));
        drop(at_work);
        for one in waiting {
            assert!(one.await.unwrap().is_ok(), "who waited had their turn");
        }
        assert!(hasher.waste(&password("x")).await.is_ok(), "and there is room again");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_the_queue() {
        let hasher = Hasher::new(CHEAP, 1, 1);
        let at_work = hasher.turn().await.unwrap();
        let patience = Duration::from_millis(10);
        assert!(tokio::time::timeout(patience, hasher.waste(&password("x"))).await.is_err());
        assert_eq!(hasher.pool.places.available_permits(), 1);
        drop(at_work);
    }

    #[tokio::test]
    async fn memory_is_kept_only_while_somebody_wants_it() {
        let hasher = Hasher::new(CHEAP, 2, 8);
        let all: Vec<_> = (0..8)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.waste(&password("x")).await })
            })
            .collect();
        for one in all {
            assert!(one.await.unwrap().is_ok());
        }
        assert!(hasher.pool.spare().is_empty());
    }
}
