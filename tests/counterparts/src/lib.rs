//! Real directories for the tests: started, seeded with people in every state, and stopped.
//!
//! - [`Slapd`] is an OpenLDAP server of the test's own. It takes a tenth of a second to start, so that
//!   each test has one and may do with it what it likes.
//! - [`Proxy`] stands between the program and a server, and delays, cuts, freezes or refuses.
//! - [`Authority`] signs the certificates of the servers.
//!
//! Everything panics where it cannot go on: it is code of tests, and the message is for their reader.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops here, and says where"
)]

mod authority;
mod folder;
mod port;
mod process;
mod proxy;
mod slapd;
mod tool;

pub use authority::{Authority, Certificate};
pub use folder::Folder;
pub use port::free as free_ports;
pub use proxy::Proxy;
pub use slapd::{Setup, Slapd};

/// The password of a person in any of the directories, unless the directory says another.
pub fn password_of(name: &str) -> String {
    format!("{name}-Passw0rd")
}
