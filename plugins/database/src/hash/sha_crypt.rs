//! SHA-crypt: `$5$rounds=5000$salt$hash` and `$6$…`, the crypt(3) of most Linux systems.

use sha_crypt::password_hash::Error;
use sha_crypt::{PasswordHashRef, PasswordVerifier, ShaCrypt};

use super::{Function, Recognised, Stored, Unusable, base64};

/// A second or two for a usual password; each round hashes the password, so long ones take longer.
const MOST_ROUNDS: u32 = 1_000_000;

/// The text itself: the crate takes it apart and compares in constant time.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    scheme: &'static str,
    text: String,
}

pub(super) fn recognise(text: &str) -> Recognised {
    let (scheme, length, rest) = [("SHA256-crypt", 43, "$5$"), ("SHA512-crypt", 86, "$6$")]
        .into_iter()
        .find_map(|(scheme, length, prefix)| Some((scheme, length, text.strip_prefix(prefix)?)))?;
    let hash = Hash { scheme, text: text.to_owned() };
    Some(
        bounded(scheme, length, rest)
            .and_then(|()| hash.is_readable().then_some(hash).ok_or(Unusable::Broken(scheme)))
            .map(|hash| Stored { scheme, function: Function::ShaCrypt(hash) }),
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
    /// Whether the crate takes it for a hash of its own form, in the alphabet of crypt(3).
    fn is_readable(&self) -> bool {
        let output = self.text.rsplit('$').next().unwrap_or_default();
        PasswordHashRef::new(&self.text).is_ok()
            && output.bytes().all(|letter| base64::crypt_value(letter).is_some())
    }

    /// A hash that cannot be read after all is not a wrong password.
    pub(super) fn verify(&self, password: &[u8]) -> Result<bool, Unusable> {
        let broken = |_| Unusable::Broken(self.scheme);
        let hash = PasswordHashRef::new(&self.text).map_err(broken)?;
        match ShaCrypt::default().verify_password(password, hash) {
            Ok(()) => Ok(true),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(Unusable::Broken(self.scheme)),
        }
    }
}
