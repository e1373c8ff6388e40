//! Why a stored hash says nothing about any password. For the operator: never with the hash.

/// A hash that nothing is compared with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the stored password hash is of no scheme that is known: {0}")]
    Unknown(String),
    #[error("the stored password hash begins like {0} and is broken")]
    Broken(&'static str),
    #[error("the stored {scheme} hash asks for more work than is ever done: {work}")]
    TooMuch { scheme: &'static str, work: String },
    #[error(
        "the stored password hash is of the weak scheme {0}; to accept it, set `allow_weak_hashes`"
    )]
    Weak(&'static str),
}
