//! Everything that is asked of the directory goes through here.

mod bound;
mod question;

use std::sync::Arc;
use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::exop::PasswordModify;
use ldap3::{LdapConnAsync, LdapConnSettings, Mod, SearchEntry};
use vestibule_plugin::{Host, HostState, Password, Unavailable};

pub(crate) use self::bound::Bound;
pub(crate) use self::question::{Answer, Search};
use crate::settings::{BadOption, Place, Security, Service, Settings};

/// The directory behind one backend.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Inner>);

struct Inner {
    url: String,
    security: Security,
    service: Option<Service>,
    connect_timeout: Duration,
    operation_timeout: Duration,
}

impl Wire {
    /// Asks nobody yet.
    pub(crate) fn open(settings: &Settings, _backend: &str) -> Result<Self, BadOption> {
        let Place::Listed(addresses) = &settings.place else {
            return Err(BadOption::new("srv", "is not possible yet"));
        };
        let Some(address) = addresses.first() else {
            return Err(BadOption::new("url", "is empty"));
        };
        Ok(Self(Arc::new(Inner {
            url: format!("{}://{address}", settings.security.scheme()),
            security: settings.security,
            service: settings.service.clone(),
            connect_timeout: settings.connect_timeout,
            operation_timeout: settings.operation_timeout,
        })))
    }

    /// As the service account, or anonymously. An entry that is not there is as good as none found.
    pub(crate) async fn search(
        &self,
        search: &Search<'_>,
    ) -> Result<Vec<SearchEntry>, Unavailable> {
        question::search(&mut self.as_service().await?, search, self.0.operation_timeout).await
    }

    /// As a person, on a connection that is theirs until the answer is dropped.
    pub(crate) async fn bind(&self, dn: &str, password: &Password) -> Result<Bound, Unavailable> {
        let mut ldap = self.connect().await?;
        let answer = question::bind(&mut ldap, dn, password, self.0.operation_timeout).await?;
        Ok(Bound { answer, ldap, patience: self.0.operation_timeout })
    }

    /// As the service account: RFC 3062. Never asked twice.
    pub(crate) async fn password_modify(
        &self,
        exop: PasswordModify<'_>,
    ) -> Result<Answer, Unavailable> {
        let mut ldap = self.as_service().await?;
        question::password_modify(&mut ldap, exop, self.0.operation_timeout).await
    }

    /// As the service account. Never asked twice.
    pub(crate) async fn modify(
        &self,
        dn: &str,
        changes: Vec<Mod<Vec<u8>>>,
    ) -> Result<Answer, Unavailable> {
        let mut ldap = self.as_service().await?;
        question::modify(&mut ldap, dn, changes, self.0.operation_timeout).await
    }

    pub(crate) fn hosts(&self) -> Vec<Host> {
        vec![Host { name: self.0.url.clone(), state: HostState::Untried, pool: None }]
    }

    /// Whether a listener on the network learns nothing.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.security != Security::Plaintext
    }

    async fn as_service(&self) -> Result<ldap3::Ldap, Unavailable> {
        let mut ldap = self.connect().await?;
        if let Some(service) = &self.0.service {
            let patience = self.0.operation_timeout;
            let answer =
                question::bind(&mut ldap, &service.dn, &service.password, patience).await?;
            if answer.code != 0 {
                return Err(Unavailable::because(format!(
                    "the service account was refused: result {}",
                    answer.code
                )));
            }
        }
        Ok(ldap)
    }

    async fn connect(&self) -> Result<ldap3::Ldap, Unavailable> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(self.0.connect_timeout)
            .set_starttls(self.0.security == Security::StartTls);
        let (connection, ldap) = LdapConnAsync::with_settings(settings, &self.0.url)
            .await
            .map_err(Unavailable::because)?;
        tokio::spawn(connection.drive());
        Ok(ldap)
    }
}

/// The password policy control (draft-behera-ldap-password-policy): without it an expired password
/// looks like a wrong one.
pub(crate) const PASSWORD_POLICY: &str = "1.3.6.1.4.1.42.2.27.8.5.1";

fn password_policy() -> RawControl {
    RawControl { ctype: PASSWORD_POLICY.to_owned(), crit: false, val: None }
}
