//! Argon2 (RFC 9106): `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, also argon2i and argon2d; and as
//! Django writes it, with `argon2` before it.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use super::phc::Phc;
use super::{Cost, Function, Recognised, Stored, Unusable, same};

const SCHEME: &str = "argon2";

/// What to compute and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

pub(super) fn recognise(text: &str) -> Recognised {
    let text = text.strip_prefix("argon2").filter(|rest| rest.starts_with('$')).unwrap_or(text);
    let (algorithm, scheme, rest) = [
        (Algorithm::Argon2id, "argon2id", "$argon2id$"),
        (Algorithm::Argon2i, "argon2i", "$argon2i$"),
        (Algorithm::Argon2d, "argon2d", "$argon2d$"),
    ]
    .into_iter()
    .find_map(|(algorithm, scheme, prefix)| {
        Some((algorithm, scheme, text.strip_prefix(prefix)?))
    })?;
    Some(parse(algorithm, rest).map(|hash| Stored { scheme, function: Function::Argon2(hash) }))
}

fn parse(algorithm: Algorithm, rest: &str) -> Result<Hash, Unusable> {
    let broken = || Unusable::Broken(SCHEME);
    let phc = Phc::parse(SCHEME, rest)?;
    // Hashes from before version 1.3 do not say which they are of.
    let version = phc.number("v", Some(0x10)).ok_or_else(broken)?;
    let cost = Cost {
        memory: phc.number("m", None).ok_or_else(broken)?,
        passes: phc.number("t", None).ok_or_else(broken)?,
        lanes: phc.number("p", None).ok_or_else(broken)?,
    };
    Hash::new(algorithm, version, cost, phc.salt, phc.output)
}

impl Hash {
    pub(super) fn new(
        algorithm: Algorithm,
        version: u32,
        cost: Cost,
        salt: Vec<u8>,
        output: Vec<u8>,
    ) -> Result<Self, Unusable> {
        let broken = |_| Unusable::Broken(SCHEME);
        if !cost.is_bearable() {
            let Cost { memory, passes, lanes } = cost;
            let work = format!("m={memory},t={passes},p={lanes}");
            return Err(Unusable::TooMuch { scheme: SCHEME, work });
        }
        if salt.len() < argon2::MIN_SALT_LEN || output.len() < super::SHORTEST {
            return Err(Unusable::Broken(SCHEME));
        }
        let version = Version::try_from(version).map_err(broken)?;
        let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(output.len()));
        Ok(Self { algorithm, version, params: params.map_err(broken)?, salt, output })
    }

    pub(super) fn verify(
        &self,
        password: &[u8],
        memory: &mut Vec<Block>,
    ) -> Result<bool, Unusable> {
        memory.resize(self.params.block_count(), Block::new());
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        Argon2::new(self.algorithm, self.version, self.params.clone())
            .hash_password_into_with_memory(password, &self.salt, &mut output, memory)
            .map_err(|_| Unusable::Broken(SCHEME))?;
        Ok(same(&output, &self.output))
    }

    /// Whether it is what we would write ourselves at this cost.
    pub(super) fn is(&self, cost: Cost) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && Cost::of(&self.params) == cost
    }
}
