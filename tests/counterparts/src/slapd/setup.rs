//! How a test wants its slapd.

use std::fmt::Write;

use crate::{Authority, Certificate, password_of};

/// The default has everything of the seed, and a certificate for `ldap.test`, `localhost` and `127.0.0.1`.
#[derive(Default)]
pub struct Setup {
    pub(super) certified: Option<(String, Certificate)>,
    pub(super) anonymous: bool,
    pub(super) more: String,
    pub(super) seed: Option<String>,
    pub(super) server: String,
    pub(super) database: String,
    pub(super) log: Option<u32>,
}

impl Setup {
    /// Shows this certificate instead, issued by this authority.
    pub fn certificate(self, authority: &Authority, certificate: Certificate) -> Self {
        Self { certified: Some((authority.pem(), certificate)), ..self }
    }

    /// Lets everybody read all but passwords without a bind.
    pub fn anonymous(self) -> Self {
        Self { anonymous: true, ..self }
    }

    /// Adds entries to the seed, in LDIF. No overlay runs: `memberOf` must be told.
    pub fn entries(mut self, ldif: &str) -> Self {
        self.more.push_str(ldif);
        self
    }

    /// Adds so many people `p0`, `p1` and so on, each in the group `staff` by `memberOf`.
    pub fn crowd(mut self, people: usize) -> Self {
        for number in 0..people {
            let name = format!("p{number}");
            let _ = write!(
                self.more,
                "dn: uid={name},ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: {name}\n\
                 cn: Person {number}\nsn: {number}\nmail: {name}@example.test\n\
                 userPassword: {}\nmemberOf: cn=staff,ou=groups,dc=example,dc=test\n\n",
                password_of(&name)
            );
        }
        self
    }

    /// Has nothing but these entries. The first is the suffix.
    pub fn seed(self, ldif: String) -> Self {
        Self { seed: Some(ldif), ..self }
    }

    /// Adds lines to `slapd.conf` before the database: `TLSVerifyClient demand`.
    pub fn server(mut self, lines: &str) -> Self {
        self.server.push_str(lines);
        self
    }

    /// Adds lines to `slapd.conf` at the end, where they belong to the database: limits, overlays.
    pub fn database(mut self, lines: &str) -> Self {
        self.database.push_str(lines);
        self
    }

    /// What slapd logs: 256, the default, are connections and operations, 257 every entry that it reads,
    /// too, and 32768 is as good as nothing.
    pub fn log(self, level: u32) -> Self {
        Self { log: Some(level), ..self }
    }
}
