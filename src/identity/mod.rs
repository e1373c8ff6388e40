//! identity

mod chain;
mod mapping;
mod names;
