//! Samba as a domain controller of Active Directory, one for the whole run.
//!
//! `tests/counterparts/active_directory.py` lists the people: those named after the state of an account
//! (`locked`, `disabled`, `ended`, `expired`, `must-change`, `hours`, `elsewhere`) and the others
//! (`alice`, `bob`, `zoe`, `carol`, `tessa` in two groups, `nora` in none). Three wrong passwords lock
//! anybody: a test that tries wrong ones, or changes anything, makes a [`user`](Samba::user) of its own.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use crate::tool::{self, Administrator, aside};

pub struct Samba {
    folder: PathBuf,
    address: IpAddr,
}

impl Samba {
    /// Has ordinary rights, which suffice to read people and groups.
    pub const SERVICE_DN: &str = "CN=svc,CN=Users,DC=ad,DC=test";
    pub const SERVICE_PASSWORD: &str = "svc-Passw0rd";

    pub fn shared() -> Self {
        let folder = tool::folder("VESTIBULE_TEST_SAMBA", "Samba");
        let address = std::fs::read_to_string(folder.join("address")).unwrap();
        Self { folder, address: address.trim().parse().unwrap() }
    }

    /// For StartTLS: a password on a connection that is not encrypted is refused.
    pub fn url(&self) -> String {
        format!("ldap://{}", self.address)
    }

    pub fn tls_url(&self) -> String {
        format!("ldaps://{}", self.address)
    }

    /// Where [`url`](Self::url) leads, for a proxy: the certificate names `127.0.0.1`, too.
    pub fn address(&self) -> SocketAddr {
        (self.address, 389).into()
    }

    /// Where [`tls_url`](Self::tls_url) leads.
    pub fn tls_address(&self) -> SocketAddr {
        (self.address, 636).into()
    }

    /// Its name server, which knows `_ldap._tcp.ad.test` and `dc1.ad.test`.
    pub fn dns(&self) -> SocketAddr {
        (self.address, 53).into()
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    pub fn base(&self) -> &'static str {
        "DC=ad,DC=test"
    }

    /// The entry of a person or a group whose entry bears its name.
    pub fn dn(&self, name: &str) -> String {
        format!("CN={name},CN=Users,{}", self.base())
    }

    /// Adds a person under a new name that begins with this, of at most eight letters. More options are
    /// those of `samba-tool user create`: `--must-change-at-next-login`.
    pub async fn user(&self, begin: &str, options: &[&str]) -> String {
        let name = tool::fresh_name(begin);
        let (password, mail) =
            (crate::password_of(&name), format!("--mail-address={name}@ad.test"));
        let arguments = ["user", "create", &name, &password, &mail];
        self.tool(&[&arguments, options].concat()).await;
        name
    }

    /// Runs `samba-tool` on it.
    pub async fn tool(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("samba-tool");
        command.args(arguments).arg("-s").arg(self.folder.join("smb.conf"));
        aside(move || tool::run(&mut command, "")).await
    }

    /// Changes entries as the administrator, in the LDIF of `ldapmodify`.
    pub async fn change(&self, ldif: &str) {
        self.administrator().change(ldif, &[]).await;
    }

    /// Changes attributes of one entry, in the lines of LDIF: `replace: mail`, `mail: new@example.test`.
    pub async fn modify(&self, dn: &str, lines: &[&str]) {
        self.administrator().modify(dn, lines, &[]).await;
    }

    /// Gives an entry another name, below another entry.
    pub async fn rename(&self, dn: &str, name: &str, below: &str) {
        self.administrator().rename(dn, name, below).await;
    }

    /// An entry in LDIF without folded lines.
    pub async fn entry(&self, dn: &str) -> String {
        self.administrator().entry(dn).await
    }

    /// The values of an attribute of an entry that are text.
    pub async fn values(&self, dn: &str, attribute: &str) -> Vec<String> {
        self.administrator().values(dn, attribute).await
    }

    /// Whether a person can bind with this password, as another program would see it.
    pub async fn accepts(&self, name: &str, password: &str) -> bool {
        self.administrator().accepts(&format!("{name}@ad.test"), password).await
    }

    fn administrator(&self) -> Administrator {
        let (url, ca) = (self.tls_url(), self.ca_file());
        Administrator { url, dn: "Administrator@ad.test", password: "Adm1n-Passw0rd", ca }
    }
}
