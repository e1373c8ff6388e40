//! OpenLDAP's server, one for each test, on ports of its own.
//!
//! [`seed.ldif`](../../src/slapd/seed.ldif.html) holds the people: each is named after the state of the
//! account (`locked`, `barred` by the administrator, `ended`, `expired`, `grace`, `expiring`,
//! `must-change`) or after nothing (`alice`, `bob`, `zoe`, `jsmith`, `carol`, `tessa` in two groups,
//! `nora` in none), and each has the password of [`password_of`](crate::password_of). Groups are `staff`,
//! `admins`, `inner` in `middle` in `outer`, `ring-a` and `ring-b` in each other, `club` with unique
//! names, `unix` of POSIX, and one whose name needs escaping.

mod journal;
mod setup;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant, UNIX_EPOCH};

pub use self::setup::Setup;
use crate::process::Process;
use crate::tool::{Administrator, aside};
use crate::{Authority, Certificate, Folder, port, tool};

/// Longer than it takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Slapd {
    process: Option<Process>,
    folder: Folder,
    port: u16,
    log: u32,
}

impl Slapd {
    pub const ADMIN_DN: &str = "cn=admin,dc=example,dc=test";
    pub const ADMIN_PASSWORD: &str = "admin-Passw0rd";
    /// Reads everything, and may set passwords.
    pub const SERVICE_DN: &str = "cn=svc,dc=example,dc=test";
    pub const SERVICE_PASSWORD: &str = "svc-Passw0rd";
    /// Reads everything but `mail` and `memberOf`.
    pub const BLIND_DN: &str = "cn=blind,dc=example,dc=test";
    pub const BLIND_PASSWORD: &str = "blind-Passw0rd";

    pub async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        aside(|| Self::set_up(setup)).await
    }

    fn set_up(setup: Setup) -> Self {
        let folder = Folder::new();
        std::fs::create_dir(folder.join("db")).unwrap();
        let (ca, certificate) = setup.certified.unwrap_or_else(|| CERTIFIED.clone());
        folder.write("ca.crt", &ca);
        certificate.write(&folder, "server");
        let seed = setup.seed.unwrap_or_else(usual_seed) + "\n" + &setup.more;
        let configuration = include_str!("slapd.conf")
            .replace("{folder}", folder.path().to_str().unwrap())
            .replace("{bytes}", if seed.len() > 1 << 20 { "2147483648" } else { "33554432" })
            .replace("{anonymous}", if setup.anonymous { "read" } else { "none" })
            .replace("{server}", &setup.server)
            .replace("{database}", &setup.database);
        let configuration = folder.write("slapd.conf", &configuration);
        let seed = folder.write("seed.ldif", &seed);
        let mut slapadd = Command::new(beside_slapd("slapadd"));
        tool::run(slapadd.arg("-q").arg("-f").arg(configuration).arg("-l").arg(seed), "");
        let mut slapd = Self { process: None, folder, port: 0, log: setup.log.unwrap_or(256) };
        slapd.listen_somewhere();
        slapd
    }

    /// Another server with the same entries, down to their UUIDs.
    pub async fn replica(&self) -> Self {
        let mut slapcat = Command::new(beside_slapd("slapcat"));
        slapcat.arg("-f").arg(self.folder.join("slapd.conf"));
        let entries = aside(move || tool::run(&mut slapcat, "")).await;
        Self::with(Setup::default().seed(entries)).await
    }

    /// Another may take the ports before slapd has them.
    fn listen_somewhere(&mut self) {
        for _ in 0..10 {
            self.port = port::free(2);
            if self.listen() {
                return;
            }
        }
        panic!("slapd does not start:\n{}", self.log());
    }

    fn listen(&mut self) -> bool {
        let urls = format!("{} {}", self.url(), self.tls_url());
        let configuration = self.folder.join("slapd.conf");
        let (configuration, level) = (configuration.to_str().unwrap(), self.log.to_string());
        let arguments = ["-f", configuration, "-h", &urls, "-d", &level];
        let before = self.starts();
        let mut process = Process::start(&program(), &arguments, &self.log_file());
        let begin = Instant::now();
        while process.runs() && begin.elapsed() < PATIENCE {
            // It says that it starts a moment before it listens.
            if self.starts() > before && port::is_heard(self.port) && port::is_heard(self.port + 1)
            {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// How often it has begun to serve.
    fn starts(&self) -> usize {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        log.matches("slapd starting").count()
    }

    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("ldaps://127.0.0.1:{}", self.port + 1)
    }

    /// Where [`url`](Self::url) leads, for a proxy.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Where [`tls_url`](Self::tls_url) leads.
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

    /// Its process, whose use of the processor can be read in `/proc`.
    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("slapd runs").id()
    }

    /// Changes entries as the administrator, in the LDIF of `ldapmodify`; overlays do their part. What
    /// only the server may set can be set, too: `pwdChangedTime`.
    pub async fn change(&self, ldif: &str) {
        self.administrator().change(ldif, &["-e", "relax"]).await;
    }

    /// Changes attributes of one entry, in the lines of LDIF: `replace: mail`, `mail: new@example.test`.
    pub async fn modify(&self, dn: &str, lines: &[&str]) {
        self.administrator().modify(dn, lines, &["-e", "relax"]).await;
    }

    /// Gives an entry another name, below another entry.
    pub async fn rename(&self, dn: &str, name: &str, below: &str) {
        self.administrator().rename(dn, name, below).await;
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
        let (dn, password) = (Self::ADMIN_DN, Self::ADMIN_PASSWORD);
        Administrator { url: self.url(), dn, password, ca: self.ca_file() }
    }

    /// Stops as the operator does it: in order.
    pub async fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            aside(move || process.stop()).await;
        }
    }

    /// Ends in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Serves again, on the same ports and with the same entries; stopped before, if it runs.
    pub async fn restart(&mut self) {
        self.stop().await;
        // Somebody who looks for a free port may have this one for a moment.
        let begin = Instant::now();
        while !self.listen() {
            assert!(begin.elapsed() < PATIENCE, "slapd does not start again:\n{}", self.log());
        }
    }

    /// Hangs: connections are accepted by the kernel, and nobody answers.
    pub fn freeze(&self) {
        self.process.as_ref().expect("slapd runs").signal("STOP");
    }

    /// Goes on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.process.as_ref().expect("slapd runs").signal("CONT");
    }
}

/// One authority for all servers of a process, unless a test brings another.
static CERTIFIED: LazyLock<(String, Certificate)> = LazyLock::new(|| {
    let authority = Authority::default();
    (authority.pem(), authority.certify(&["ldap.test", "localhost", "127.0.0.1"]))
});

fn program() -> String {
    std::env::var("VESTIBULE_TEST_SLAPD").unwrap_or_else(|_| {
        panic!("VESTIBULE_TEST_SLAPD is not set: tests/run installs slapd and sets it")
    })
}

fn beside_slapd(name: &str) -> PathBuf {
    PathBuf::from(program()).with_file_name(name)
}

/// The seed, whose `expiring` has three days left, but for an hour, of a password set at the beginning
/// of 2020: two whole days, however long a test takes to look.
fn usual_seed() -> String {
    #[expect(clippy::disallowed_methods, reason = "slapd goes by the real time, too")]
    let now = std::time::SystemTime::now();
    let seconds = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let age = seconds - 1_577_836_800 + 3 * 86_400 - 3_600;
    include_str!("seed.ldif").replace("{three_days_left}", &age.to_string())
}
