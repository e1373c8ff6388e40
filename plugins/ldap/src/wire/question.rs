//! The questions that a directory is asked, each on one connection.

use std::future::Future;
use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::exop::PasswordModify;
use ldap3::{Ldap, LdapResult, Mod, SearchEntry, SearchOptions};
use vestibule_plugin::Password;

use super::answer::{Answer, answered, failed, refused};
use super::failure::Failure;
use crate::settings::Scope;

/// The password policy control (draft-behera-ldap-password-policy): without it an expired password
/// looks like a wrong one.
pub(crate) const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

/// Something to ask, on whatever connection.
pub(super) trait Question: Sync {
    type Reply: Send;
    /// As the metrics call it.
    const NAME: &'static str;
    /// How often it may be sent, if what it does is done each time.
    const SENDINGS: Option<usize> = None;
    /// Whether every login needs its answer: a host that is late with it each time is of no use.
    const IS_NEEDED: bool = false;

    fn put(&self, ldap: &mut Ldap) -> impl Future<Output = Result<Self::Reply, Failure>> + Send;
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: Scope,
    pub(crate) filter: &'a str,
    pub(crate) attributes: &'a [&'a str],
    /// More entries than this are an error, not a shorter answer.
    pub(crate) limit: usize,
}

impl From<Scope> for ldap3::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Base => Self::Base,
            Scope::One => Self::OneLevel,
            Scope::Subtree => Self::Subtree,
        }
    }
}

/// Somebody's name and password.
pub(super) struct Bind<'a> {
    pub(super) dn: &'a str,
    pub(super) password: &'a Password,
}

/// Changes of an entry.
pub(super) struct Modify<'a> {
    pub(super) dn: &'a str,
    pub(super) changes: &'a [Mod<Vec<u8>>],
}

/// The smallest question there is: any answer will do.
pub(super) struct Ping;

impl Question for Search<'_> {
    type Reply = Vec<SearchEntry>;
    const NAME: &'static str = "search";
    const IS_NEEDED: bool = true;

    async fn put(&self, ldap: &mut Ldap) -> Result<Self::Reply, Failure> {
        let scope = self.scope.into();
        // One more than is wanted, to notice that there are more.
        let most = i32::try_from(self.limit.saturating_add(1)).unwrap_or(i32::MAX);
        ldap.with_search_options(SearchOptions::new().sizelimit(most));
        let attributes = self.attributes.to_vec();
        let mut answers = ldap
            .streaming_search(self.base, scope, self.filter, attributes)
            .await
            .map_err(|error| failed(&error))?;
        let mut entries = Vec::new();
        while let Some(entry) = answers.next().await.map_err(|error| failed(&error))? {
            if entries.len() > self.limit {
                // A server that does not count has more to say than anybody waits for.
                return Err(Failure::Cut(self.too_many()));
            }
            entries.push(SearchEntry::construct(entry));
        }
        let result = answers.finish().await;
        match result.rc {
            0 | 4 if entries.len() > self.limit => Err(Failure::Final(self.too_many())),
            0 => Ok(entries),
            32 => self.nowhere(),
            code => Err(refused(code, &result)),
        }
    }
}

impl Search<'_> {
    /// noSuchObject. Who reads one entry by its name learns that it is not there. Who searches below
    /// a base would learn that nobody is, of all who may be.
    fn nowhere(&self) -> Result<Vec<SearchEntry>, Failure> {
        if self.scope == Scope::Base {
            return Ok(Vec::new());
        }
        // A replica may lack what the next host has.
        Err(Failure::Elsewhere(format!(
            "the base {} is not there, or may not be read by whoever searches",
            self.base
        )))
    }

    fn too_many(&self) -> String {
        format!("the search {} finds more than {} entries", self.filter, self.limit)
    }
}

/// The first of many entries. The rest may be on its way: the connection is good for nothing else.
pub(super) struct Sample<'a>(pub(super) Search<'a>);

impl Question for Sample<'_> {
    type Reply = Vec<SearchEntry>;
    const NAME: &'static str = "search";

    async fn put(&self, ldap: &mut Ldap) -> Result<Self::Reply, Failure> {
        let Search { base, scope, filter, attributes, limit } = self.0;
        ldap.with_search_options(
            SearchOptions::new().sizelimit(i32::try_from(limit).unwrap_or(i32::MAX)),
        );
        let attributes = attributes.to_vec();
        let search = ldap.streaming_search(base, scope.into(), filter, attributes);
        let mut answers = search.await.map_err(|error| failed(&error))?;
        let mut entries = Vec::new();
        // Samba takes no notice of the limit.
        while entries.len() < limit {
            match answers.next().await.map_err(|error| failed(&error))? {
                Some(entry) => entries.push(SearchEntry::construct(entry)),
                None => break,
            }
        }
        if entries.len() == limit {
            return Ok(entries);
        }
        let result = answers.finish().await;
        match result.rc {
            // adminLimitExceeded is another way to say sizeLimitExceeded.
            0 | 4 | 11 => Ok(entries),
            32 => self.0.nowhere(),
            code => Err(refused(code, &result)),
        }
    }
}

impl Question for Bind<'_> {
    type Reply = Answer;
    const NAME: &'static str = "bind";
    const SENDINGS: Option<usize> = Some(2);
    const IS_NEEDED: bool = true;

    async fn put(&self, ldap: &mut Ldap) -> Result<Answer, Failure> {
        ldap.with_controls(password_policy());
        answered(ldap.simple_bind(self.dn, self.password.expose()).await)
    }
}

/// RFC 3062.
impl Question for PasswordModify<'_> {
    type Reply = Answer;
    const NAME: &'static str = "password_modify";

    async fn put(&self, ldap: &mut Ldap) -> Result<Answer, Failure> {
        ldap.with_controls(password_policy());
        answered(ldap.extended(self.clone()).await.map(|result| result.1))
    }
}

impl Question for Modify<'_> {
    type Reply = Answer;
    const NAME: &'static str = "modify";

    async fn put(&self, ldap: &mut Ldap) -> Result<Answer, Failure> {
        ldap.with_controls(password_policy());
        answered(ldap.modify(self.dn, self.changes.to_vec()).await)
    }
}

impl Question for Ping {
    type Reply = ();
    const NAME: &'static str = "ping";

    /// Reads the rootDSE (RFC 4512 §5.1), as Samba knows no `whoami`.
    async fn put(&self, ldap: &mut Ldap) -> Result<(), Failure> {
        ldap.with_search_options(SearchOptions::new().sizelimit(1));
        let read = ldap.search("", ldap3::Scope::Base, "(objectClass=*)", vec!["1.1"]);
        match read.await.map_err(|error| failed(&error))?.1 {
            result @ LdapResult { rc: 51 | 52, .. } => Err(refused(result.rc, &result)),
            _ => Ok(()),
        }
    }
}

fn password_policy() -> RawControl {
    RawControl { ctype: PASSWORD_POLICY.to_owned(), crit: false, val: None }
}

/// How long a question may take before its host is suspected to be dead.
pub(super) fn suspicion(patience: Duration) -> Duration {
    patience / 4
}
