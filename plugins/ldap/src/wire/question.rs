//! One question to the directory on one connection, and its answer.

use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::exop::PasswordModify;
use ldap3::{Ldap, LdapResult, Mod, SearchEntry, SearchOptions};
use tokio::time::timeout;
use vestibule_plugin::{Password, Unavailable};

use super::password_policy;
use crate::settings::Scope;

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

/// An LDAP result, whatever its code.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u32,
    /// The diagnostic message: for the log and for decoding, not for people.
    pub(crate) text: String,
    pub(crate) controls: Vec<RawControl>,
}

impl From<LdapResult> for Answer {
    fn from(result: LdapResult) -> Self {
        let controls = result.ctrls.into_iter().map(|control| control.1).collect();
        Self { code: result.rc, text: result.text, controls }
    }
}

pub(super) async fn search(
    ldap: &mut Ldap,
    search: &Search<'_>,
    patience: Duration,
) -> Result<Vec<SearchEntry>, Unavailable> {
    let scope = match search.scope {
        Scope::Base => ldap3::Scope::Base,
        Scope::One => ldap3::Scope::OneLevel,
        Scope::Subtree => ldap3::Scope::Subtree,
    };
    let most = i32::try_from(search.limit.saturating_add(1)).unwrap_or(i32::MAX);
    ldap.with_search_options(SearchOptions::new().sizelimit(most));
    let found = ldap.search(search.base, scope, search.filter, search.attributes.to_vec());
    let found = timeout(patience, found).await.map_err(Unavailable::because)?;
    let ldap3::SearchResult(entries, result) = found.map_err(Unavailable::because)?;
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|entry| !entry.is_ref() && !entry.is_intermediate())
        .map(SearchEntry::construct)
        .collect();
    match result.rc {
        32 => Ok(Vec::new()),
        0 if entries.len() <= search.limit => Ok(entries),
        _ => Err(Unavailable::because(format!("the search failed: {result}"))),
    }
}

pub(super) async fn bind(
    ldap: &mut Ldap,
    dn: &str,
    password: &Password,
    patience: Duration,
) -> Result<Answer, Unavailable> {
    ldap.with_controls(password_policy());
    answer(timeout(patience, ldap.simple_bind(dn, password.expose())).await)
}

pub(super) async fn password_modify(
    ldap: &mut Ldap,
    exop: PasswordModify<'_>,
    patience: Duration,
) -> Result<Answer, Unavailable> {
    ldap.with_controls(password_policy());
    let result = timeout(patience, ldap.extended(exop)).await;
    answer(result.map(|result| result.map(|result| result.1)))
}

pub(super) async fn modify(
    ldap: &mut Ldap,
    dn: &str,
    changes: Vec<Mod<Vec<u8>>>,
    patience: Duration,
) -> Result<Answer, Unavailable> {
    ldap.with_controls(password_policy());
    answer(timeout(patience, ldap.modify(dn, changes)).await)
}

fn answer(
    result: Result<ldap3::result::Result<LdapResult>, tokio::time::error::Elapsed>,
) -> Result<Answer, Unavailable> {
    let result = result.map_err(Unavailable::because)?.map_err(Unavailable::because)?;
    match result.rc {
        51 | 52 | 80 => Err(Unavailable::because(format!("the directory answered {result}"))),
        _ => Ok(result.into()),
    }
}
