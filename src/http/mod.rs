//! http

pub mod assets;
pub mod observe;
pub mod operations;
pub mod pages;
pub mod proxy;
