//! SHA-crypt: `$5$rounds=5000$salt$hash` and `$6$…`, the crypt(3) of most Linux systems.

use sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};

use super::{Function, Recognised, Stored, Unusable};

/// Some seconds for the longest password.
const MOST_ROUNDS: u32 = 1_000_000;

/// The text itself: the crate takes it apart and compares in constant time.
#[derive(Clone, Debug)]
pub(crate) struct Hash(String);

pub(super) fn recognise(text: &str) -> Recognised {
    let (scheme, length, rest) = [("SHA256-crypt", 43, "$5$"), ("SHA512-crypt", 86, "$6$")]
        .into_iter()
        .find_map(|(scheme, length, prefix)| Some((scheme, length, text.strip_prefix(prefix)?)))?;
    Some(
        bounded(scheme, length, rest)
            .map(|()| Stored { scheme, function: Function::ShaCrypt(Hash(text.to_owned())) }),
    )
}

fn bounded(scheme: &'static str, length: usize, rest: &str) -> Result<(), Unusable> {
    let broken = Err(Unusable::Broken(scheme));
    let mut fields: Vec<&str> = rest.split('$').collect();
    let (Some(output), Some(salt)) = (fields.pop(), fields.pop()) else { return broken };
    if output.len() != length || salt.len() > 16 || fields.len() > 1 {
        return broken;
    }
    let Some(rounds) = fields.pop() else { return Ok(()) };
    let Some(rounds) = rounds.strip_prefix("rounds=") else { return broken };
    match rounds.parse::<u32>() {
        Ok(rounds @ 1000..) if rounds > MOST_ROUNDS => {
            Err(Unusable::TooMuch { scheme, work: format!("{rounds} rounds") })
        }
        Ok(1000..) => Ok(()),
        _ => broken,
    }
}

impl Hash {
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        PasswordHashRef::new(&self.0)
            .is_ok_and(|hash| ShaCrypt::default().verify_password(password, hash).is_ok())
    }
}
