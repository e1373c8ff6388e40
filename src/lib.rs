//! Vestibule, an OpenID Provider with pluggable identity backends.

pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod http;
pub mod identity;
pub mod jose;
pub mod keys;
pub mod log;
pub mod protocol;
pub mod seal;
pub mod secret;
pub mod server;
pub mod storage;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
