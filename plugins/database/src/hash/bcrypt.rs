//! Bcrypt: `$2b$12$…`, and `$2a$` and `$2y$`, which are the same for every password that is text. Django
//! writes `bcrypt$` before it. `$2x$`, the broken one of crypt_blowfish, is not accepted.
//!
//! Bcrypt reads 72 bytes of a password. What becomes of a longer one is [`Beyond`].

use zeroize::Zeroizing;

use super::{Function, Recognised, Stored, Unusable, base64, same};

const SCHEME: &str = "bcrypt";

/// In bytes; no more of a password has a say.
const READ: usize = 72;

/// 2^15 rounds, some seconds.
const MOST_COST: u32 = 15;

/// What becomes of a password of more than 72 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// It is wrong: two that begin alike would both be right.
    #[default]
    Refuse,
    /// Its first 72 bytes count, as in the product that made the hash.
    Truncate,
}

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
}

pub(super) fn recognise(text: &str) -> Recognised {
    let text = text.strip_prefix("bcrypt$").unwrap_or(text);
    let rest = ["$2a$", "$2b$", "$2y$"].into_iter().find_map(|prefix| text.strip_prefix(prefix))?;
    Some(parse(rest).map(|hash| Stored { scheme: SCHEME, function: Function::Bcrypt(hash) }))
}

fn parse(rest: &str) -> Result<Hash, Unusable> {
    parts(rest).ok_or(Unusable::Broken(SCHEME)).and_then(|hash| {
        if hash.cost > MOST_COST {
            let work = format!("a cost of {}", hash.cost);
            return Err(Unusable::TooMuch { scheme: SCHEME, work });
        }
        Ok(hash)
    })
}

fn parts(rest: &str) -> Option<Hash> {
    let (cost, rest) = rest.split_once('$')?;
    let (salt, output) = rest.split_at_checked(22)?;
    let hash = Hash {
        cost: cost.parse().ok()?,
        salt: base64::decode_bcrypt(salt)?.try_into().ok()?,
        output: base64::decode_bcrypt(output)?.try_into().ok()?,
    };
    (hash.cost >= 4).then_some(hash)
}

impl Hash {
    pub(super) fn verify(&self, password: &[u8], beyond: Beyond) -> bool {
        let within = password.len() <= READ || beyond == Beyond::Truncate;
        // With the NUL at its end, if there is room for it.
        let mut read = Zeroizing::new([0; READ]);
        for (to, from) in read.iter_mut().zip(password) {
            *to = *from;
        }
        let length = (password.len() + 1).min(READ);
        let output = Zeroizing::new(bcrypt::bcrypt(
            self.cost,
            self.salt,
            read.get(..length).unwrap_or_default(),
        ));
        // The whole work is done for a password that is too long, too.
        same(output.get(..23).unwrap_or_default(), &self.output) && within
    }
}
