//! Grouped commits: what many requests write is made durable by one transaction.
//!
//! A commit costs one wait for the disk, whether it holds one row or hundreds. So a single task
//! takes whatever has queued up while it was busy, writes it at once, and answers each request when
//! its rows are durable.
//!
//! *Why* attempt ids: a claim (a code or a refresh token is used now) is inserted with "do nothing"
//! on conflict, and then the row is read back. Whoever finds their own attempt id in it has won.
//! This makes every transaction repeatable: one whose commit went unanswered is simply run again.
//! If it had been committed, it finds its attempt ids; if it is still going on, it waits for
//! itself; if it was lost, it is done now. Nobody is answered before that is known.

#[cfg(test)]
mod line;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::slice;
use std::time::Duration;

use sea_orm::{
    ColumnTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter,
};
use tokio::sync::{mpsc, oneshot};

use super::entity::{grant, redemption, refresh_token, revocation, session};
use super::{Fault, begin};

/// So many requests may wait; the next is told that the database is unavailable.
const QUEUE: usize = 4096;
/// So many requests share a transaction at most.
const GROUP: usize = 256;
/// So many rows share a statement at most: SQLite allows it 32,766 values.
const ROWS: usize = 512;
/// How long a commit without an answer is asked after; a cluster elects a new primary within it.
const PAUSES: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(5),
];

/// What one request writes: all of it or, if its claim is lost, nothing. Ids and hashes of the rows
/// are random, so a row that is there already was put there by this very write.
#[derive(Clone, Debug, Default)]
pub struct Write {
    pub claim: Option<redemption::Model>,
    pub grants: Vec<grant::Model>,
    pub refresh_tokens: Vec<refresh_token::Model>,
    pub revocations: Vec<revocation::Model>,
    pub sessions: Vec<session::Model>,
}

/// What became of a write that is now durable. Without a claim it is always won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Won,
    /// Somebody used it before, and this is what they left.
    Lost(redemption::Model),
}

/// The way to the task.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

struct Job {
    write: Write,
    answer: oneshot::Sender<Result<Outcome, Fault>>,
}

impl Writer {
    /// Starts the task, which ends when the last writer is dropped.
    pub(super) fn start(database: DatabaseConnection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(work(database, jobs));
        Self { queue }
    }

    pub(super) async fn commit(&self, write: Write) -> Result<Outcome, Fault> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Job { write, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                Fault::Unavailable("too many writes are waiting".to_owned())
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })?;
        answered.await.map_err(|_| stopped())?
    }

    pub(super) fn is_alive(&self) -> Result<(), Fault> {
        if self.queue.is_closed() { Err(stopped()) } else { Ok(()) }
    }
}

fn stopped() -> Fault {
    Fault::Unavailable("the writer has stopped".to_owned())
}

async fn work(database: DatabaseConnection, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut group, GROUP).await > 0 {
        let (writes, answers): (Vec<_>, Vec<_>) =
            group.drain(..).map(|job| (job.write, job.answer)).unzip();
        for (outcome, answer) in settle(&database, &writes).await.into_iter().zip(answers) {
            // A request that was given up no longer listens; its rows stand all the same.
            let _ = answer.send(outcome);
        }
    }
}

/// Writes a group, and says for each write what became of it.
async fn settle(database: &DatabaseConnection, writes: &[Write]) -> Vec<Result<Outcome, Fault>> {
    match persist(database, writes).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(fault) if fault.is_unavailable() || writes.len() == 1 => {
            writes.iter().map(|_| Err(fault.clone())).collect()
        }
        // One of them is at fault; the others shall not suffer for it.
        Err(_) => {
            let mut outcomes = Vec::with_capacity(writes.len());
            for write in writes {
                outcomes.extend(Box::pin(settle(database, slice::from_ref(write))).await);
            }
            outcomes
        }
    }
}

/// Runs the transaction: once more if the database was unavailable, as it may have been a stale
/// connection or a deadlock, and again and again if it may have been committed.
async fn persist(database: &DatabaseConnection, writes: &[Write]) -> Result<Vec<Outcome>, Fault> {
    let mut outcome = transact(database, writes).await;
    let mut is_unknown = false;
    for pause in PAUSES {
        let Err(failure) = &outcome else { break };
        is_unknown |= failure.is_unknown;
        if !is_unknown && (pause > Duration::ZERO || !failure.fault.is_unavailable()) {
            break;
        }
        tokio::time::sleep(pause).await;
        outcome = transact(database, writes).await;
    }
    outcome.map_err(|failure| failure.fault)
}

struct Failure {
    fault: Fault,
    /// The commit was sent and not answered.
    is_unknown: bool,
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self { fault: error.into(), is_unknown: false }
    }
}

/// All of it in one transaction: first the claims, then the rows of those who won.
async fn transact(
    database: &DatabaseConnection,
    writes: &[Write],
) -> Result<Vec<Outcome>, Failure> {
    let transaction = begin(database).await?;
    let outcomes = claim(&transaction, writes).await?;
    let won = || {
        let pairs = writes.iter().zip(&outcomes);
        pairs.filter(|(_, outcome)| **outcome == Outcome::Won).map(|(write, _)| write)
    };
    insert(&transaction, won().flat_map(|write| &write.sessions)).await?;
    insert(&transaction, won().flat_map(|write| &write.grants)).await?;
    insert(&transaction, won().flat_map(|write| &write.refresh_tokens)).await?;
    insert(&transaction, won().flat_map(|write| &write.revocations)).await?;
    match transaction.commit().await {
        Ok(()) => Ok(outcomes),
        Err(error) => Err(Failure { fault: error.into(), is_unknown: true }),
    }
}

/// Inserts the claims and reads back which attempt holds each key.
async fn claim(transaction: &DatabaseTransaction, writes: &[Write]) -> Result<Vec<Outcome>, DbErr> {
    let mut claims: Vec<_> = writes.iter().filter_map(|write| write.claim.as_ref()).collect();
    // In one order on every node, lest two groups wait for each other.
    claims.sort_by(|one, other| one.hash.cmp(&other.hash));
    insert(transaction, claims.iter().copied()).await?;

    let mut holders = HashMap::with_capacity(claims.len());
    for claims in claims.chunks(ROWS) {
        let hashes = filled(claims).map(|claim| claim.hash.as_str());
        let held = redemption::Entity::find().filter(redemption::Column::Hash.is_in(hashes));
        let held = held.all(transaction).await?;
        holders.extend(held.into_iter().map(|holder| (holder.hash.clone(), holder)));
    }
    let outcome = |write: &Write| {
        let Some(claim) = &write.claim else { return Ok(Outcome::Won) };
        match holders.get(&claim.hash) {
            Some(holder) if holder.attempt == claim.attempt => Ok(Outcome::Won),
            Some(holder) => Ok(Outcome::Lost(holder.clone())),
            None => Err(DbErr::RecordNotFound("a claim that was just made".to_owned())),
        }
    };
    writes.iter().map(outcome).collect()
}

/// Inserts rows and leaves alone those that are there already.
async fn insert<'a, M>(
    transaction: &DatabaseTransaction,
    rows: impl Iterator<Item = &'a M>,
) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel> + 'a,
{
    let rows: Vec<_> = rows.map(|row| row.clone().into_active_model()).collect();
    for rows in rows.chunks(ROWS) {
        M::Entity::insert_many(filled(rows).cloned())
            .on_conflict_do_nothing()
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// Repeats the last one until their number is a power of two: to insert a row or to ask for it twice
/// changes nothing, and so few statements differ that all of them stay prepared. Otherwise a
/// connection closes one to prepare another, and on MariaDB waits 40 ms for an acknowledgement:
/// groups of varying size were sixteen times slower.
fn filled<T>(some: &[T]) -> impl Iterator<Item = &T> {
    some.iter().chain(some.last().into_iter().cycle()).take(some.len().next_power_of_two())
}
