//! Real directories for the tests: started, seeded with people in every state, and stopped.
//!
//! - [`Slapd`] is an OpenLDAP server of the test's own. It takes a tenth of a second to start, so that
//!   each test has one and may do with it what it likes.
//! - [`Samba`] is a domain controller of Active Directory, and [`Dirsrv`] a 389 Directory Server. They
//!   take longer: `tests/run` starts one of each for all tests.
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
mod dirsrv;
mod folder;
mod port;
mod process;
mod proxy;
mod samba;
mod slapd;
mod tool;

pub use authority::{Authority, Certificate};
pub use dirsrv::Dirsrv;
pub use folder::Folder;
pub use port::free as free_ports;
pub use proxy::Proxy;
pub use samba::Samba;
pub use slapd::{Setup, Slapd};

/// The password of a person in any of the directories, unless the directory says another.
pub fn password_of(name: &str) -> String {
    format!("{name}-Passw0rd")
}

#[cfg(test)]
mod tests {
    use crate::{Dirsrv, Samba, password_of};

    #[tokio::test]
    async fn samba_knows_its_people() {
        let samba = Samba::shared();
        assert!(samba.accepts("alice", &password_of("alice")).await);
        assert!(!samba.accepts("disabled", &password_of("disabled")).await);
        let user = samba.user("made", &[]).await;
        assert!(samba.accepts(&user, &password_of(&user)).await);
        assert_eq!(samba.values(&samba.dn(&user), "mail").await, [format!("{user}@ad.test")]);
    }

    #[tokio::test]
    async fn dirsrv_knows_its_people() {
        let dirsrv = Dirsrv::shared();
        assert!(dirsrv.accepts(&dirsrv.dn("alice"), &password_of("alice")).await);
        assert!(!dirsrv.accepts(&dirsrv.dn("expired"), &password_of("expired")).await);
        let (user, newcomer) = (dirsrv.user("made").await, dirsrv.newcomer("new").await);
        assert!(dirsrv.accepts(&dirsrv.dn(&user), &password_of(&user)).await);
        assert!(!dirsrv.accepts(&dirsrv.dn(&newcomer), &password_of(&newcomer)).await);
    }
}
