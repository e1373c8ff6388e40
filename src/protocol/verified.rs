//! The witness that a signature was checked: `jose` verifies, the core receives the result.

/// Something whose signature has been verified.
#[derive(Clone, Debug)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Vouches for the signature. Called by `jose` alone, after it has verified.
    pub fn vouch(value: T) -> Self {
        Self(value)
    }

    pub fn get(&self) -> &T {
        &self.0
    }

    /// The value, for whoever has no more use for the witness.
    pub fn into_inner(self) -> T {
        self.0
    }
}
