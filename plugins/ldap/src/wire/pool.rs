//! The connections that are kept to a host: those that search as the service account, and those on
//! which people bind, which must never mix.
//!
//! A connection goes back only after its operation has come to its end. One whose answer nobody
//! waited for may still get it, and would hand it to the next person (LD5).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
    Timeouts,
};
use tokio::time::timeout;

use super::connection::{Connection, Way};
use super::failure::Failure;
use super::introduction::Introduction;
use super::labels::Labels;
use super::question::{Ping, Question};
use crate::settings::{Address, BadOption, Settings};

/// A connection that has been idle for so long is asked something small first: a firewall may have
/// forgotten it without a word.
const DOUBTFUL: Duration = Duration::from_secs(60);

/// One that has been idle for so long is closed.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(5 * 60);

/// How connections of one pool are opened.
pub(super) struct Opening {
    pub(super) way: Way,
    pub(super) address: Address,
    /// Nobody's, on those for people.
    pub(super) introduction: Introduction,
    pub(super) labels: Labels,
    /// When one that was idle for long gave no answer: those of its age are not asked one by one.
    pub(super) silence: Mutex<Option<Instant>>,
}

impl Opening {
    pub(super) fn pool(self, settings: &Settings) -> Result<Pool<Self>, BadOption> {
        Pool::builder(self)
            .max_size(settings.connections)
            // The last used first, so that those beyond what is needed grow old.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| BadOption::new("connections", format!("will not do: {error}")))
    }

    /// A new connection, within the connect timeout.
    pub(super) async fn open(&self) -> Result<Connection, Failure> {
        let open = async {
            let mut connection = self.way.open(&self.address).await?;
            self.labels.opened();
            self.introduction.make(&mut connection).await?;
            Ok(connection)
        };
        let started = Instant::now();
        let opened = timeout(self.way.patience, open).await;
        let opened = opened.unwrap_or_else(|_| Err(Failure::Down(self.way.late())));
        let outcome = opened.as_ref().err().map_or("answered", Failure::name);
        self.labels.asked("connect", outcome, started.elapsed());
        opened
    }
}

impl Manager for Opening {
    type Type = Connection;
    type Error = Failure;

    async fn create(&self) -> Result<Connection, Failure> {
        self.open().await
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<Failure> {
        if connection.is_closed() || connection.worked.elapsed() > FORGOTTEN {
            return Err(RecycleError::message("it is closed, or as good as that"));
        }
        if connection.worked.elapsed() <= DOUBTFUL {
            return Ok(());
        }
        let silence = *self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        if silence.is_some_and(|when| connection.worked < when) {
            return Err(RecycleError::message("one like it does not answer any more"));
        }
        let ping = timeout(self.way.patience, Ping.put(&mut connection.ldap)).await;
        if matches!(ping, Ok(Ok(()))) {
            return Ok(());
        }
        *self.silence.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Err(RecycleError::message("it does not answer any more"))
    }
}

/// A connection in use, pooled or not.
pub(super) struct Lease {
    held: Option<Held>,
    /// Whether nothing is on its way on it.
    clean: bool,
}

enum Held {
    Pooled(Object<Opening>),
    Own(Connection),
}

impl Lease {
    /// A pooled connection, old or new, if one is to be had within this time.
    pub(super) async fn of(pool: &Pool<Opening>, patience: Duration) -> Result<Self, Failure> {
        let patience = Timeouts { wait: Some(patience), ..Timeouts::new() };
        match pool.timeout_get(&patience).await {
            Ok(object) => Ok(Self { held: Some(Held::Pooled(object)), clean: true }),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(Failure::Busy),
            Err(PoolError::Backend(failure)) => Err(failure),
            Err(_) => Err(Failure::Down("no connection is to be had".to_owned())),
        }
    }

    /// A connection of its own.
    pub(super) fn own(connection: Connection) -> Self {
        Self { held: Some(Held::Own(connection)), clean: true }
    }

    /// Whether others have used it before: then it may have been closed since.
    pub(super) fn is_used(&self) -> bool {
        match &self.held {
            Some(Held::Pooled(object)) => Object::metrics(object).recycle_count > 0,
            _ => false,
        }
    }

    pub(super) fn connection(&mut self) -> Option<&mut Connection> {
        match self.held.as_mut()? {
            Held::Pooled(object) => Some(object),
            Held::Own(connection) => Some(connection),
        }
    }

    /// Asks. If this future is dropped, or the answer is late, the connection is closed.
    pub(super) async fn put<Q: Question>(
        &mut self,
        question: &Q,
        patience: Duration,
    ) -> Result<Q::Reply, Failure> {
        self.clean = false;
        let connection = self
            .connection()
            .ok_or_else(|| Failure::Broken("the connection is gone".to_owned()))?;
        let reply = timeout(patience, question.put(&mut connection.ldap)).await;
        let reply =
            reply.unwrap_or_else(|_| Err(Failure::Late(format!("no answer within {patience:?}"))));
        match reply {
            Err(Failure::Broken(_)) => Err(Failure::Broken(connection.cause())),
            reply => {
                if reply.as_ref().err().is_none_or(Failure::leaves_clean) {
                    connection.worked = Instant::now();
                    self.clean = true;
                }
                reply
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(Held::Pooled(object)) = self.held.take()
            && !self.clean
        {
            drop(Object::take(object));
        }
    }
}
