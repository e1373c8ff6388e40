//! A bounded number of hashes at a time, and a bounded queue before them.
//!
//! *Why a pool:* each hash takes megabytes and milliseconds. Unbounded, a storm of logins takes the
//! machine's memory first and then its time from every other request.
//!
//! *Why the place in the queue travels with the work:* a caller that gives up does not stop a hash
//! that has begun, so its place is free only when the hash is done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use vestibule_plugin::Unavailable;

/// Where hashes are computed.
pub(super) struct Pool {
    /// One permit for each hash that runs.
    workers: Arc<Semaphore>,
    /// One permit for each hash that runs or waits.
    places: Arc<Semaphore>,
    capacity: usize,
    /// Memory of hashes that are done, kept while others want it: fresh pages cost a fifth of a hash.
    spare: Mutex<Vec<Vec<Block>>>,
}

/// A place at work. Dropping it makes room for another.
struct Turn {
    pool: Arc<Pool>,
    _worker: OwnedSemaphorePermit,
    place: Option<OwnedSemaphorePermit>,
}

impl Pool {
    /// At most `workers` at the same time, with at most `queue` more waiting.
    pub(super) fn new(workers: usize, queue: usize) -> Self {
        let capacity = workers.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Self {
            workers: Arc::new(Semaphore::new(workers.min(capacity))),
            places: Arc::new(Semaphore::new(capacity)),
            capacity,
            spare: Mutex::default(),
        }
    }

    /// Does the work when its turn comes, on a thread that may block. It is lent memory of any length.
    pub(super) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let turn = self.turn().await?;
        let work = move || {
            let mut memory = turn.pool.spare().pop().unwrap_or_default();
            let done = work(&mut memory);
            turn.pool.spare().push(memory);
            done
        };
        spawn_blocking(work).await.map_err(Unavailable::because)
    }

    async fn turn(self: &Arc<Self>) -> Result<Turn, Unavailable> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Unavailable::Busy)?;
        let worker = self.workers.clone().acquire_owned().await.map_err(Unavailable::because)?;
        Ok(Turn { pool: self.clone(), _worker: worker, place: Some(place) })
    }

    /// A panic in another thread leaves a list of buffers behind that is as good as any.
    fn spare(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    /// Spare memory is for whoever is at work or waits; the last one frees it all. The place is given
    /// back under the lock, so that exactly one of two who finish together is the last.
    fn drop(&mut self) {
        let mut spare = self.pool.spare();
        self.place.take();
        if self.pool.places.available_permits() == self.pool.capacity {
            spare.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pool(workers: usize, queue: usize) -> Arc<Pool> {
        Arc::new(Pool::new(workers, queue))
    }

    fn blocks(memory: &mut Vec<Block>) {
        memory.resize(8, Block::new());
    }

    #[tokio::test]
    async fn beyond_the_queue_there_is_no_room() {
        let pool = pool(1, 2);
        let at_work = pool.turn().await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.run(blocks).await })
            })
            .collect();
        while pool.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(pool.run(blocks).await, Err(Unavailable::Busy)));
        drop(at_work);
        for one in waiting {
            assert!(one.await.unwrap().is_ok(), "who waited had their turn");
        }
        assert!(pool.run(blocks).await.is_ok(), "and there is room again");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_the_queue() {
        let pool = pool(1, 1);
        let at_work = pool.turn().await.unwrap();
        let patience = Duration::from_millis(10);
        assert!(tokio::time::timeout(patience, pool.run(blocks)).await.is_err());
        assert_eq!(pool.places.available_permits(), 1);
        drop(at_work);
    }

    #[tokio::test]
    async fn memory_is_kept_only_while_somebody_wants_it() {
        let pool = pool(2, 8);
        let all: Vec<_> = (0..8)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.run(blocks).await })
            })
            .collect();
        for one in all {
            assert!(one.await.unwrap().is_ok());
        }
        assert!(pool.spare().is_empty());
    }
}
