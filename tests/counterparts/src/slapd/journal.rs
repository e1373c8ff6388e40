//! What slapd says it was asked: the oracle for filters, connections and the cost of a login.

use std::path::PathBuf;

use super::Slapd;

impl Slapd {
    pub(super) fn log_file(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its log from now on is a new one.
    pub fn forget_log(&self) {
        std::fs::File::options().write(true).truncate(true).open(self.log_file()).unwrap();
    }

    /// The filters of all searches as it parsed them, in order; values as the schema compares them.
    pub fn filters(&self) -> Vec<String> {
        self.told(" SRCH base=", " filter=\"")
    }

    /// The names of all binds, in order. An anonymous one is empty.
    pub fn binds(&self) -> Vec<String> {
        let log = self.log();
        let binds = log.lines().filter(|line| line.ends_with(" method=128"));
        binds.filter_map(|line| quoted(line, " BIND dn=\"")).collect()
    }

    /// How many connections it has accepted.
    pub fn connections(&self) -> usize {
        self.log().matches(" ACCEPT from ").count()
    }

    /// How many operations it was asked for.
    pub fn operations(&self) -> usize {
        let asked = [" method=", " SRCH base=", " PASSMOD", " MOD dn=", " CMP dn=", " EXT oid="];
        let log = self.log();
        let of_operations = log.lines().filter(|line| line.contains(" op="));
        of_operations.filter(|line| asked.iter().any(|mark| line.contains(mark))).count()
    }

    /// How many entries it has read for all that, with a log of level 257.
    pub fn entries_read(&self) -> usize {
        self.log().matches("=> mdb_entry_decode").count()
    }

    fn told(&self, kind: &str, mark: &str) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains(kind));
        lines.filter_map(|line| quoted(line, mark)).collect()
    }
}

/// What follows the mark, up to the last quotation mark of the line.
fn quoted(line: &str, mark: &str) -> Option<String> {
    let (_, rest) = line.split_once(mark)?;
    rest.rsplit_once('"').map(|(text, _)| text.to_owned())
}
