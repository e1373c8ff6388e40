//! MD5-crypt: `$1$salt$hash`, and `$apr1$` of Apache. Weak: a thousand rounds of MD5.

use md5::{Digest, Md5};

use super::{Function, Recognised, Stored, Unusable, base64, same};

const SCHEME: &str = "MD5-crypt";

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    magic: &'static str,
    salt: String,
    output: String,
}

pub(super) fn recognise(text: &str) -> Recognised {
    let (magic, rest) =
        ["$1$", "$apr1$"].into_iter().find_map(|magic| Some((magic, text.strip_prefix(magic)?)))?;
    let parts = rest.split_once('$').filter(|(salt, output)| salt.len() <= 8 && output.len() == 22);
    Some(parts.ok_or(Unusable::Broken(SCHEME)).map(|(salt, output)| {
        let hash = Hash { magic, salt: salt.to_owned(), output: output.to_owned() };
        Stored { scheme: SCHEME, function: Function::Md5Crypt(hash) }
    }))
}

impl Hash {
    pub(super) fn verify(&self, password: &[u8]) -> bool {
        same(self.compute(password).as_bytes(), self.output.as_bytes())
    }

    /// After Poul-Henning Kamp's `md5crypt` of FreeBSD.
    fn compute(&self, password: &[u8]) -> String {
        let salt = self.salt.as_bytes();
        let inner = md5(&[password, salt, password]);
        let mut first = Md5::new_with_prefix(password);
        first.update(self.magic);
        first.update(salt);
        let mut left = password.len();
        while left > 0 {
            first.update(inner.get(..left.min(16)).unwrap_or_default());
            left = left.saturating_sub(16);
        }
        let mut bits = password.len();
        while bits > 0 {
            let byte = if bits & 1 == 1 { Some(0) } else { password.first().copied() };
            first.update(byte.as_slice());
            bits >>= 1;
        }
        let mut state: [u8; 16] = first.finalize().into();
        for round in 0..1000 {
            let odd = round % 2 == 1;
            let salt = if round % 3 == 0 { &[] } else { salt };
            let between = if round % 7 == 0 { &[] } else { password };
            let (before, after) =
                if odd { (password, state.as_slice()) } else { (state.as_slice(), password) };
            state = md5(&[before, salt, between, after]);
        }
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = state;
        base64::encode_crypt(&[m, g, a, n, h, b, o, i, c, p, j, d, f, k, e, l])
    }
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}
