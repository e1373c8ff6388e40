//! People in real directories: found, let in, refused, looked up and renamed.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on stops here, and says where"
)]

mod active_directory;
mod change;
mod direct;
mod dirsrv;
mod escaping;
mod groups;
mod log;
mod open;
mod openldap;
mod options;
mod rehearsal;
mod renames;
mod required;
