//! Makes argon2id hashes (RFC 9106), and compares passwords with stored ones.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use vestibule_plugin::{Password, Unavailable};
use zeroize::Zeroizing;

use super::pool::Pool;
use super::{Beyond, Cost, Function, Settings, Stored};

/// Whether a password was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// Right, but hashed in another way than is configured now.
    RightButOutdated,
    Wrong,
}

/// Hashes passwords, a few at a time. Cheap to clone; the clones share one pool.
#[derive(Clone)]
pub struct Hasher {
    cost: Cost,
    pool: Arc<Pool>,
}

impl Hasher {
    /// At most `workers` at the same time, with at most `queue` more waiting.
    pub fn new(cost: Cost, workers: usize, queue: usize) -> Self {
        Self { cost, pool: Arc::new(Pool::new(workers, queue)) }
    }

    /// The PHC string of a password under a fresh salt.
    pub async fn hash(&self, password: &Password) -> Result<String, Unavailable> {
        let params = self.params()?;
        let salt = Salt::generate();
        let output = self.compute(password, params.clone(), salt).await?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params).map_err(Unavailable::because)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Compares a password with an argon2 hash, at the cost that the hash names.
    pub async fn verify(&self, password: &Password, stored: &str) -> Result<Verdict, Unavailable> {
        let stored = Stored::recognise(stored).map_err(Unavailable::because)?;
        if !matches!(stored.function, Function::Argon2(_)) {
            return Err(Unavailable::because("the stored password hash is not argon2"));
        }
        self.compare(password, &Arc::new(stored), Beyond::Refuse).await
    }

    /// Compares a password with a hash of any scheme.
    pub(crate) async fn compare(
        &self,
        password: &Password,
        stored: &Arc<Stored>,
        beyond: Beyond,
    ) -> Result<Verdict, Unavailable> {
        let current = matches!(&stored.function, Function::Argon2(hash) if hash.is(self.cost));
        let (password, stored) = (copy(password), stored.clone());
        let right = self
            .pool
            .run(move |memory| stored.function.verify(password.as_bytes(), memory, beyond))
            .await?
            .map_err(Unavailable::because)?;
        Ok(match (right, current) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOutdated,
        })
    }

    /// Takes as long as a verification. For names that nobody has, lest the time tell.
    pub async fn waste(&self, password: &Password) -> Result<(), Unavailable> {
        let salt = Salt::new(&[0; 16]).map_err(Unavailable::because)?;
        self.compute(password, self.params()?, salt).await.map(|_| ())
    }

    fn params(&self) -> Result<Params, Unavailable> {
        let Cost { memory, passes, lanes } = self.cost;
        Params::new(memory, passes, lanes, None).map_err(Unavailable::because)
    }

    async fn compute(
        &self,
        password: &Password,
        params: Params,
        salt: Salt,
    ) -> Result<Output, Unavailable> {
        let password = copy(password);
        let work = move |memory: &mut Vec<Block>| {
            memory.resize(params.block_count(), Block::new());
            let mut bytes = Zeroizing::new([0; Params::DEFAULT_OUTPUT_LEN]);
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into_with_memory(
                    password.as_bytes(),
                    &salt,
                    bytes.as_mut_slice(),
                    memory,
                )
                .map_err(Unavailable::because)?;
            Output::new(bytes.as_slice()).map_err(Unavailable::because)
        };
        self.pool.run(work).await?
    }
}

impl From<Settings> for Hasher {
    fn from(settings: Settings) -> Self {
        Self::new(settings.cost, settings.workers, settings.queue)
    }
}

/// For another thread.
fn copy(password: &Password) -> Zeroizing<String> {
    Zeroizing::new(password.expose().to_owned())
}

#[cfg(test)]
mod tests {
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
}
