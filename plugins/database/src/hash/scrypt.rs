//! Scrypt (RFC 7914): `$scrypt$ln=16,r=8,p=1$salt$hash`, as passlib and the PHC format write it.

use scrypt::Params;
use zeroize::Zeroizing;

use super::phc::Phc;
use super::{Function, Recognised, Stored, Unusable, same};

const SCHEME: &str = "scrypt";

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

pub(super) fn recognise(text: &str) -> Recognised {
    let rest = text.strip_prefix("$scrypt$")?;
    Some(parse(rest).map(|hash| Stored { scheme: SCHEME, function: Function::Scrypt(hash) }))
}

fn parse(rest: &str) -> Result<Hash, Unusable> {
    let broken = || Unusable::Broken(SCHEME);
    let phc = Phc::parse(SCHEME, rest)?;
    let log_n = phc.number("ln", None).ok_or_else(broken)?;
    let r = phc.number("r", None).ok_or_else(broken)?;
    let p = phc.number("p", None).ok_or_else(broken)?;
    if !bearable(log_n, r, p) {
        let work = format!("ln={log_n},r={r},p={p}");
        return Err(Unusable::TooMuch { scheme: SCHEME, work });
    }
    let log_n = u8::try_from(log_n).map_err(|_| broken())?;
    let params = Params::new(log_n, r, p).map_err(|_| broken())?;
    Ok(Hash { params, salt: phc.salt, output: phc.output })
}

/// At most 1 GiB, and as much of it read and written as N = 2^20, r = 8, p = 1 does.
fn bearable(log_n: u32, r: u32, p: u32) -> bool {
    const MOST: u64 = 1 << 23;
    log_n <= 20 && r <= 64 && p <= 64 && (u64::from(r) * u64::from(p)) << log_n <= MOST
}

impl Hash {
    pub(super) fn verify(&self, password: &[u8]) -> Result<bool, Unusable> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        scrypt::scrypt(password, &self.salt, &self.params, &mut output)
            .map_err(|_| Unusable::Broken(SCHEME))?;
        Ok(same(&output, &self.output))
    }
}
