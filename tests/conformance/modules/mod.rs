//! The modules that profiles share, by what they are about.

pub mod claims;
pub mod codes;
pub mod prompts;
pub mod requests;
pub mod sign_in;
