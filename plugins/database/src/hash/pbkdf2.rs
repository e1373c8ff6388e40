//! PBKDF2 (RFC 8018 §5.2) in the forms of PHC (`$pbkdf2-sha256$i=600000,l=32$…`), passlib
//! (`$pbkdf2-sha256$29000$…`) and Django (`pbkdf2_sha256$600000$salt$hash`). Other products' forms are
//! in files of their own and end here.

use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::phc::Phc;
use super::{Function, LONGEST, Recognised, SHORTEST, Stored, Unusable, base64, same};

const SCHEME: &str = "PBKDF2";

/// Ten times what is recommended today, some seconds.
const MOST_ROUNDS: usize = 10_000_000;

/// The digest below HMAC.
#[derive(Clone, Copy, Debug)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    /// In bytes. So much of the output comes of one run of all rounds.
    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Sha1 => "PBKDF2-SHA1",
            Self::Sha256 => "PBKDF2-SHA256",
            Self::Sha512 => "PBKDF2-SHA512",
        }
    }
}

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    prf: Prf,
    rounds: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

pub(super) fn recognise(text: &str) -> Recognised {
    let phc = [
        ("$pbkdf2-sha256$", Prf::Sha256),
        ("$pbkdf2-sha512$", Prf::Sha512),
        ("$pbkdf2-sha1$", Prf::Sha1),
        ("$pbkdf2$", Prf::Sha1),
    ];
    let django = [
        ("pbkdf2_sha256$", Prf::Sha256),
        ("pbkdf2_sha512$", Prf::Sha512),
        ("pbkdf2_sha1$", Prf::Sha1),
    ];
    let strip = |known: &[(&str, Prf)]| {
        known.iter().find_map(|(prefix, prf)| Some((*prf, text.strip_prefix(prefix)?)))
    };
    match strip(&phc) {
        Some((prf, rest)) => Some(dollars(prf, rest)),
        None => strip(&django).map(|(prf, rest)| from_django(prf, rest)),
    }
}

/// What stands behind the scheme's name: `29000$salt$hash` or `i=29000,l=32$salt$hash`.
pub(super) fn dollars(prf: Prf, rest: &str) -> Result<Stored, Unusable> {
    let phc = Phc::parse(SCHEME, rest)?;
    let rounds = phc.number("i", phc.number("", None)).ok_or(Unusable::Broken(SCHEME))?;
    Hash::stored(prf.scheme(), prf, rounds, phc.salt, phc.output)
}

/// Django's salt is text and stands for itself.
fn from_django(prf: Prf, rest: &str) -> Result<Stored, Unusable> {
    let mut fields = rest.split('$');
    let (Some(rounds), Some(salt), Some(output), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(Unusable::Broken(SCHEME));
    };
    let rounds = rounds.parse().map_err(|_| Unusable::Broken(SCHEME))?;
    let output = base64::decode(output).ok_or(Unusable::Broken(SCHEME))?;
    let scheme = match prf {
        Prf::Sha1 => "PBKDF2-SHA1 (Django)",
        Prf::Sha256 => "PBKDF2-SHA256 (Django)",
        Prf::Sha512 => "PBKDF2-SHA512 (Django)",
    };
    Hash::stored(scheme, prf, rounds, salt.as_bytes().to_vec(), output)
}

impl Hash {
    pub(super) fn stored(
        scheme: &'static str,
        prf: Prf,
        rounds: u32,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Stored, Unusable> {
        if rounds == 0 || salt.len() > LONGEST || !(SHORTEST..=LONGEST).contains(&output.len()) {
            return Err(Unusable::Broken(scheme));
        }
        let blocks = output.len().div_ceil(prf.length());
        let work = usize::try_from(rounds).unwrap_or(usize::MAX).saturating_mul(blocks);
        if work > MOST_ROUNDS {
            return Err(Unusable::TooMuch { scheme, work: format!("{work} iterations") });
        }
        Ok(Stored { scheme, function: Function::Pbkdf2(Self { prf, rounds, salt, output }) })
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        let (salt, rounds) = (self.salt.as_slice(), self.rounds);
        match self.prf {
            Prf::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut output),
            Prf::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut output),
            Prf::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut output),
        }
        same(&output, &self.output)
    }
}
