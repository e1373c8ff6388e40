//! 389 Directory Server, one for the whole run.
//!
//! `tests/counterparts/dirsrv.ldif` lists the people: those named after the state of an account
//! (`locked`, `disabled`, `expired`, `grace`, `expiring`, `must-change`) and the others (`alice`, `bob`,
//! `carol`, `tessa` in two groups, `nora` in none). Three wrong passwords lock anybody: a test that
//! tries wrong ones, or changes anything, makes a [`user`](Dirsrv::user) of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::tool::{self, Administrator};

pub struct Dirsrv {
    folder: PathBuf,
    port: u16,
}

impl Dirsrv {
    /// Reads everything, and may set passwords.
    pub const SERVICE_DN: &str = "cn=svc,dc=example,dc=test";
    pub const SERVICE_PASSWORD: &str = "svc-Passw0rd";

    pub fn shared() -> Self {
        let folder = tool::folder("VESTIBULE_TEST_DIRSRV", "389 Directory Server");
        let port = std::fs::read_to_string(folder.join("port")).unwrap();
        Self { folder, port: port.trim().parse().unwrap() }
    }

    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.port + 1)
    }

    /// Where [`tls_url`](Self::tls_url) leads, for a proxy.
    pub fn tls_address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port + 1).into()
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    pub fn base(&self) -> &'static str {
        "dc=example,dc=test"
    }

    /// `uid=NAME,ou=people,dc=example,dc=test`
    pub fn dn(&self, name: &str) -> String {
        format!("uid={name},ou=people,{}", self.base())
    }

    /// Adds a person under a new name that begins with this.
    pub async fn user(&self, begin: &str) -> String {
        let name = self.newcomer(begin).await;
        let expiry = "passwordExpirationTime: 20380101000000Z";
        self.modify(&self.dn(&name), &["replace: passwordExpirationTime", expiry]).await;
        name
    }

    /// Adds a person who must change the password, as all must to whom the administrator has given one.
    pub async fn newcomer(&self, begin: &str) -> String {
        let name = tool::fresh_name(begin);
        let (dn, password) = (self.dn(&name), crate::password_of(&name));
        self.change(&format!(
            "dn: {dn}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name}\nsn: {name}\n\
             mail: {name}@example.test\nuserPassword: {password}\n"
        ))
        .await;
        name
    }

    /// Changes entries as the administrator, in the LDIF of `ldapmodify`; plug-ins do their part.
    pub async fn change(&self, ldif: &str) {
        self.administrator().change(ldif, &[]).await;
    }

    /// Changes attributes of one entry, in the lines of LDIF: `replace: mail`, `mail: new@example.test`.
    pub async fn modify(&self, dn: &str, lines: &[&str]) {
        self.administrator().modify(dn, lines, &[]).await;
    }

    /// An entry with its operational attributes, in LDIF without folded lines.
    pub async fn entry(&self, dn: &str) -> String {
        self.administrator().entry(dn).await
    }

    /// The values of an attribute of an entry that are text.
    pub async fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        self.administrator().values(dn, attribute).await
    }

    /// Whether somebody can bind with this password, as another program would see it.
    pub async fn accepts(&self, dn: &str, password: &str) -> bool {
        self.administrator().accepts(dn, password).await
    }

    fn administrator(&self) -> Administrator {
        let (url, ca) = (self.tls_url(), self.ca_file());
        Administrator { url, dn: "cn=Directory Manager", password: "admin-Passw0rd", ca }
    }
}
