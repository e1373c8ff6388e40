//! What the specifications say, as total functions from values to values.
//!
//! OAuth 2.0 (RFC 6749, 6750, 7009, 7636, 8252, 9068, 9207) and OpenID Connect Core 1.0. Nothing in here is `async`, reads a
//! clock, draws a random number, logs, or knows a database or a web framework: all of that comes
//! in as an argument.

pub mod algorithm;
pub mod timestamp;
pub mod verified;

pub use algorithm::Algorithm;
pub use timestamp::Timestamp;
pub use verified::Verified;
