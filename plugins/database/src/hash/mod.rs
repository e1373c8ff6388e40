//! Password hashes: ours, and those of other products.
//!
//! A stored hash says by its form which scheme it is of; [`Stored::recognise`] takes it apart, bounds
//! the work that it asks for and tells the weak ones. [`Hasher`] does the work, on a bounded pool.
//!
//! *Why weak ones are a matter of configuration*: a scheme that a graphics card tries ten thousand
//! million times a second protects nobody whose table is stolen. Whoever must accept one until its
//! people have logged in once says so, and configures a query that writes better ones.

mod argon2;
mod aspnet;
mod base64;
mod bcrypt;
mod cost;
mod digest;
mod form;
mod glewlwyd;
mod hasher;
mod keycloak;
mod ldap;
mod md5_crypt;
mod pbkdf2;
mod phc;
mod phpass;
mod pool;
mod scrypt;
mod settings;
mod sha_crypt;
mod unusable;

pub use cost::Cost;
pub use hasher::{Hasher, Verdict};
pub use settings::{OPTIONS, Settings};

pub(crate) use self::bcrypt::Beyond;
pub(crate) use unusable::Unusable;

use ::argon2::Block;

/// A stored hash, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// What its makers call it: `bcrypt`, `PBKDF2-SHA256 (Django)`.
    pub(crate) scheme: &'static str,
    pub(crate) function: Function,
}

/// How to find out whether a password is the one that was hashed.
#[derive(Clone, Debug)]
pub(crate) enum Function {
    Argon2(argon2::Hash),
    Bcrypt(bcrypt::Hash),
    Scrypt(scrypt::Hash),
    Pbkdf2(pbkdf2::Hash),
    ShaCrypt(sha_crypt::Hash),
    Md5Crypt(md5_crypt::Hash),
    Phpass(phpass::Hash),
    Digest(digest::Hash),
}

impl Stored {
    /// Takes a hash apart. Costs nothing, whatever the text.
    pub(crate) fn recognise(text: &str) -> Result<Self, Unusable> {
        let text = text.trim_end();
        let by_form: &[fn(&str) -> Recognised] = &[
            argon2::recognise,
            bcrypt::recognise,
            scrypt::recognise,
            pbkdf2::recognise,
            sha_crypt::recognise,
            md5_crypt::recognise,
            phpass::recognise,
            keycloak::recognise,
            ldap::recognise,
            aspnet::recognise,
            glewlwyd::recognise,
        ];
        by_form
            .iter()
            .find_map(|recognise| recognise(text))
            .unwrap_or_else(|| Err(Unusable::Unknown(form::of(text))))
    }

    /// Whether nobody should rely on it: it is tried too fast.
    ///
    /// MD5-crypt, phpass, and digests without a salt or of MD5. The `{SSHA}` family is as fast, but it
    /// is what most directories have: it passes, and is better replaced.
    pub(crate) fn is_weak(&self) -> bool {
        match &self.function {
            Function::Md5Crypt(_) | Function::Phpass(_) => true,
            Function::Digest(hash) => hash.is_weak(),
            _ => false,
        }
    }
}

impl Function {
    /// Takes its time, as much as the stored hash asks for. `memory` is for schemes that want much.
    pub(crate) fn verify(
        &self,
        password: &[u8],
        memory: &mut Vec<Block>,
        beyond: Beyond,
    ) -> Result<bool, Unusable> {
        match self {
            Self::Argon2(hash) => hash.verify(password, memory),
            Self::Bcrypt(hash) => Ok(hash.verify(password, beyond)),
            Self::Scrypt(hash) => hash.verify(password),
            Self::Pbkdf2(hash) => Ok(hash.verify(password)),
            Self::ShaCrypt(hash) => hash.verify(password),
            Self::Md5Crypt(hash) => Ok(hash.verify(password)),
            Self::Phpass(hash) => Ok(hash.verify(password)),
            Self::Digest(hash) => Ok(hash.verify(password)),
        }
    }
}

/// `None` for a text of another form.
type Recognised = Option<Result<Stored, Unusable>>;

/// In bytes. A shorter output would be guessed.
const SHORTEST: usize = 16;

/// In bytes. Neither salts nor outputs are longer.
const LONGEST: usize = 512;

/// Compares without telling by the time where two outputs differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq;
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests;
