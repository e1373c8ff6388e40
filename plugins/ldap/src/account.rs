//! The state of an account without its password, read from the entry: for look-ups, which must tell
//! what a login would.
//!
//! Each server keeps it in attributes of its own, so all of them are read whatever the server is. A
//! password that has expired closes no account: it is changed at the next login. The hours and the
//! workstations of Active Directory bound logins, not what follows them.
//!
//! *Why* a locked account of OpenLDAP stays locked where its policy cannot be read: the time of the
//! lock is kept until the next login, long after the lock is over. Only the policy knows how long it
//! holds, and only `pwdPolicySubentry` tells which policy it is. Those under the default policy do not
//! have it; which one that is, only the option `password_policy` tells. Without it such a lock ends
//! sessions, and the next login ends the lock.

use vestibule_plugin::{Refusal, Subject, Unavailable};

use crate::Ldap;
use crate::asker::Asker;
use crate::entry::Entry;
use crate::flavour::{Flavour, Root};
use crate::settings::Scope;
use crate::stamps::{filetime, generalized};
use crate::wire::Search;

/// What [`state`] reads. A directory leaves out those that it does not know.
pub(crate) const ATTRIBUTES: &[&str] = &[
    // Active Directory.
    "userAccountControl",
    "msDS-User-Account-Control-Computed",
    "accountExpires",
    "lockoutTime",
    // 389.
    "nsAccountLock",
    "accountUnlockTime",
    // OpenLDAP.
    "pwdAccountLockedTime",
    "pwdPolicySubentry",
    "pwdStartTime",
    "pwdEndTime",
];

/// ADS_UF_ACCOUNTDISABLE (MS-ADTS §2.2.16).
const DISABLED: u32 = 0x2;
/// ADS_UF_LOCKOUT, computed by the server from the time and the policy.
const LOCKED: u32 = 0x10;
/// The beginning of the year 1. OpenLDAP: a lock of the year 0 was made by an administrator, and holds
/// until an administrator opens it.
const YEAR_ONE: i64 = -62_135_596_800;

/// Why an account is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    Locked,
    Disabled,
    Expired,
}

impl Closed {
    /// For the operator.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        }
    }

    /// The refusal for somebody who has proved nothing.
    pub(crate) fn refusal(self, subject: Subject) -> Refusal {
        let (proved, subject) = (false, Some(subject));
        match self {
            Self::Locked => Refusal::Locked { proved, subject },
            Self::Disabled => Refusal::Disabled { proved, subject },
            Self::Expired => Refusal::Expired { proved, subject },
        }
    }
}

impl Ldap {
    /// Whether the account is closed at this moment.
    pub(crate) async fn state(
        &self,
        entry: &Entry,
        root: &Root,
        asker: &mut Asker<'_>,
    ) -> Result<Option<Closed>, Unavailable> {
        readable(entry, root.flavour)?;
        let now = self.clock.now();
        if let Some(closed) = told(entry, now) {
            return Ok(Some(closed));
        }
        let Some(locked) = entry.text("pwdAccountLockedTime") else { return Ok(None) };
        let usual = self.settings.people.password_policy.as_deref();
        let policy = match entry.text("pwdPolicySubentry").or(usual) {
            Some(dn) => policy(dn, asker).await?,
            None => None,
        };
        Ok(lock_holds(locked, policy.as_ref(), now).then_some(Closed::Locked))
    }
}

/// Whether the state can be seen at all. Everybody in Active Directory has these flags, and newer
/// domains show them to few: to take their absence for an open account would keep whoever is disabled
/// logged in.
fn readable(entry: &Entry, flavour: Flavour) -> Result<(), Unavailable> {
    if flavour != Flavour::ActiveDirectory || entry.text("userAccountControl").is_some() {
        return Ok(());
    }
    Err(Unavailable::because(format!(
        "the service account may not read `userAccountControl` of {}, and cannot tell whether the \
         account is disabled; grant it \"read account restrictions\"",
        entry.dn
    )))
}

async fn policy(dn: &str, asker: &mut Asker<'_>) -> Result<Option<Entry>, Unavailable> {
    let attributes = &["pwdLockout", "pwdLockoutDuration"];
    let filter = "(objectClass=pwdPolicy)";
    let search = Search { base: dn, scope: Scope::Base, filter, attributes, limit: 1 };
    Ok(asker.search(&search).await?.pop())
}

/// What the entry alone tells.
fn told(entry: &Entry, now: i64) -> Option<Closed> {
    let flags = |name: &str| {
        let flags = entry.text(name).and_then(|text| text.parse::<i64>().ok());
        flags.and_then(|flags| u32::try_from(flags & 0xffff_ffff).ok())
    };
    let time = |name: &str| entry.text(name).and_then(generalized);
    let computed = flags("msDS-User-Account-Control-Computed");
    let locked = match computed {
        Some(flags) => flags & LOCKED != 0,
        // Set by the lock and cleared by the next login.
        None => entry.text("lockoutTime").and_then(filetime).is_some(),
    };
    // 389 writes the beginning of 1970 where only an administrator ends the lock.
    let unlocked = time("accountUnlockTime");
    if flags("userAccountControl").is_some_and(|flags| flags & DISABLED != 0)
        || entry.text("nsAccountLock").is_some_and(|lock| lock.eq_ignore_ascii_case("true"))
    {
        Some(Closed::Disabled)
    } else if locked
        || unlocked.is_some_and(|until| until <= 0 || now < until)
        // OpenLDAP calls both of these locked, and so does a login.
        || time("pwdStartTime").is_some_and(|start| now < start)
        || time("pwdEndTime").is_some_and(|end| end <= now)
    {
        Some(Closed::Locked)
    } else if entry.text("accountExpires").and_then(filetime).is_some_and(|end| end <= now) {
        Some(Closed::Expired)
    } else {
        None
    }
}

/// OpenLDAP: whether a lock of this time holds under this policy. One of the future does not hold yet.
fn lock_holds(locked: &str, policy: Option<&Entry>, now: i64) -> bool {
    let Some(policy) = policy else { return true };
    let duration = policy.text("pwdLockoutDuration").and_then(|text| text.parse::<i64>().ok());
    match (policy.text("pwdLockout"), generalized(locked), duration) {
        (None | Some("FALSE"), _, _) => false,
        (_, Some(locked @ YEAR_ONE..), Some(duration @ 1..)) => {
            (locked..locked.saturating_add(duration)).contains(&now)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
