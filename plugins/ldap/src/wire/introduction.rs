//! The bind of the service account on a new connection.
//!
//! *Why* one at a time until it has succeeded: a wrong password, asked for by every login of a busy
//! morning on every connection of a pool, would lock the account in the directory, and that outlasts
//! the mistake.
//!
//! A directory that lets the account in and demands a new password answers nothing else: that is a
//! refusal, too, and says so itself rather than by every search that fails (result 50).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tracing::warn;
use vestibule_plugin::PasswordWarning;

use super::answer::Answer;
use super::connection::Connection;
use super::failure::Failure;
use super::question::{Bind, Question};
use crate::controls::{Policy, PolicyError};
use crate::settings::Service;

/// How long a refusal is repeated without asking.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Who binds on each new connection, and how it went.
pub(super) struct Introduction {
    service: Option<Service>,
    backend: Arc<str>,
    /// Whether the last one succeeded.
    is_known: AtomicBool,
    refusal: Mutex<Option<(Instant, String)>>,
    /// Whether the operator knows that the password ends.
    is_warned: AtomicBool,
}

impl Introduction {
    pub(super) fn of(service: Option<Service>, backend: &Arc<str>) -> Self {
        Self {
            service,
            backend: Arc::clone(backend),
            is_known: AtomicBool::new(false),
            refusal: Mutex::default(),
            is_warned: AtomicBool::new(false),
        }
    }

    pub(super) async fn make(&self, connection: &mut Connection) -> Result<(), Failure> {
        let Some(service) = &self.service else { return Ok(()) };
        if self.is_known.load(Ordering::Acquire) {
            return self.bind(service, connection).await;
        }
        let mut refusal = self.refusal.lock().await;
        if self.is_known.load(Ordering::Acquire) {
            drop(refusal);
            return self.bind(service, connection).await;
        }
        if let Some((when, cause)) = &*refusal
            && when.elapsed() < REMEMBERED
        {
            return Err(Failure::Barred(cause.clone()));
        }
        let bound = self.bind(service, connection).await;
        if let Err(Failure::Barred(cause)) = &bound {
            *refusal = Some((Instant::now(), cause.clone()));
        }
        bound
    }

    async fn bind(
        &self,
        Service { dn, password }: &Service,
        connection: &mut Connection,
    ) -> Result<(), Failure> {
        let bound = match (Bind { dn, password }).put(&mut connection.ldap).await {
            Ok(answer) if answer.code == 0 => match admitted(dn, &answer) {
                Ok(warning) => {
                    self.warn(dn, warning);
                    Ok(())
                }
                Err(cause) => Err(Failure::Barred(cause)),
            },
            Ok(answer) => Err(Failure::Barred(format!(
                "the service account {dn} is refused with result {}: {}",
                answer.code,
                answer.text.trim_end_matches('\0')
            ))),
            Err(Failure::Broken(_)) => Err(Failure::Down(connection.cause())),
            Err(Failure::Elsewhere(cause) | Failure::Final(cause)) => Err(Failure::Down(cause)),
            Err(failure) => Err(failure),
        };
        self.is_known.store(bound.is_ok(), Ordering::Release);
        bound
    }

    /// Once: it would be said with every connection.
    fn warn(&self, account: &str, warning: Option<PasswordWarning>) {
        let Some(warning) = warning else { return };
        if self.is_warned.swap(true, Ordering::AcqRel) {
            return;
        }
        let backend = &*self.backend;
        match warning {
            PasswordWarning::Expires(time) => {
                let days = time.as_secs() / (24 * 60 * 60);
                warn!(
                    backend,
                    account, days, "the password of the service account expires; change it"
                );
            }
            PasswordWarning::GraceLogins(left) => {
                warn!(
                    account,
                    left,
                    "the password of the service account has expired, and few binds are left; change it"
                );
            }
        }
    }
}

/// What the directory says of the password of an account that it lets in; an error if it will answer
/// nothing until there is a new one.
pub(super) fn admitted(dn: &str, answer: &Answer) -> Result<Option<PasswordWarning>, String> {
    match Policy::read(&answer.controls) {
        Ok(Policy { error: Some(PolicyError::ChangeAfterReset), .. })
        | Ok(Policy { error: Some(PolicyError::PasswordExpired), warning: None }) => Err(format!(
            "the directory demands a new password of the service account {dn} before it answers; \
             change it, and set `bind_password`"
        )),
        Ok(Policy { warning, .. }) => Ok(warning),
        Err(malformed) => Err(malformed.to_string()),
    }
}
