//! Phpass: `$P$B…` of WordPress and `$H$9…` of phpBB, some thousand rounds of MD5. Weak.

use md5::{Digest, Md5};

use super::{Function, Recognised, Stored, Unusable, base64, same};

const SCHEME: &str = "phpass";

/// 2^20 rounds, less than a second for a usual password; each round hashes the password.
const MOST: u32 = 20;

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    log_rounds: u32,
    salt: String,
    output: String,
}

pub(super) fn recognise(text: &str) -> Recognised {
    let rest = ["$P$", "$H$"].into_iter().find_map(|prefix| text.strip_prefix(prefix))?;
    Some(parse(rest).map(|hash| Stored { scheme: SCHEME, function: Function::Phpass(hash) }))
}

fn parse(rest: &str) -> Result<Hash, Unusable> {
    let broken = Unusable::Broken(SCHEME);
    if rest.len() != 31 || !rest.is_ascii() {
        return Err(broken);
    }
    let (rounds, rest) = rest.split_at(1);
    let (salt, output) = rest.split_at(8);
    let log_rounds = rounds.bytes().next().and_then(base64::crypt_value).ok_or(broken)?;
    if log_rounds > MOST {
        return Err(Unusable::TooMuch { scheme: SCHEME, work: format!("2^{log_rounds} rounds") });
    }
    Ok(Hash { log_rounds, salt: salt.to_owned(), output: output.to_owned() })
}

impl Hash {
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut state = Md5::new_with_prefix(&self.salt).chain_update(password).finalize();
        for _ in 0..1_u32 << self.log_rounds {
            state = Md5::new_with_prefix(state).chain_update(password).finalize();
        }
        same(base64::encode_crypt(&state).as_bytes(), self.output.as_bytes())
    }
}
