//! What the specifications say, as total functions from values to values.
//!
//! OAuth 2.0 (RFC 6749, 6750, 7009, 7636, 8252, 9068, 9207) and OpenID Connect Core 1.0. Nothing in here is `async`, reads a
//! clock, draws a random number, logs, or knows a database or a web framework: all of that comes
//! in as an argument.

pub mod access_token;
pub mod algorithm;
pub mod authorization;
pub mod bearer;
pub mod claims;
pub mod claims_request;
pub mod client;
pub mod client_authentication;
pub mod code;
pub mod discovery;
pub mod end_session;
pub mod error;
pub mod id_token;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod redirection_endpoint;
pub mod response_type;
pub mod scope;
pub mod session;
pub mod timestamp;
pub mod token;
pub mod verified;

pub use algorithm::Algorithm;
pub use client::Client;
pub use error::{Code, Error};
pub use parameters::Parameters;
pub use scope::Scope;
pub use timestamp::Timestamp;
pub use verified::Verified;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
