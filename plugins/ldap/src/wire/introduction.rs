//! The bind of the service account on a new connection.
//!
//! *Why* one at a time until it has succeeded: a wrong password, asked for by every login of a busy
//! morning on every connection of a pool, would lock the account in the directory, and that outlasts
//! the mistake.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::connection::Connection;
use super::failure::Failure;
use super::question::{Bind, Question};
use crate::settings::Service;

/// How long a refusal is repeated without asking.
const REMEMBERED: Duration = Duration::from_secs(1);

/// Who binds on each new connection, and how it went.
pub(super) struct Introduction {
    service: Option<Service>,
    /// Whether the last one succeeded.
    is_known: AtomicBool,
    refusal: Mutex<Option<(Instant, String)>>,
}

impl Introduction {
    pub(super) fn of(service: Option<Service>) -> Self {
        Self { service, is_known: AtomicBool::new(false), refusal: Mutex::default() }
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
            Ok(answer) if answer.code == 0 => Ok(()),
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
}
