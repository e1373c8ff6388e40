//! Many callers at a time, each beginning anew when it is answered.

use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::Anyhow;
use crate::browser::Session;
use crate::flows::{Caller, Flow};
use crate::provider::Provider;

/// Before anything is counted: connections, caches, code pages.
const WARM_UP: Duration = Duration::from_secs(1);

pub struct Figures {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
}

pub async fn run(
    provider: &Provider,
    session: &Session,
    flow: Flow,
    connections: usize,
    length: Duration,
) -> Anyhow<Figures> {
    let mut callers = Vec::with_capacity(connections);
    for _ in 0..connections {
        callers.push(Caller::ready(provider, session, flow).await?);
    }
    let begin = Instant::now() + WARM_UP;
    let end = begin + length;
    let callers = callers.into_iter().map(|caller| call(caller, begin, end));
    Figures::of(&mut together(callers).await?, length)
}

/// Lets all of them call side by side; the times that each of them took.
pub async fn together<C>(callers: impl IntoIterator<Item = C>) -> Anyhow<Vec<Duration>>
where
    C: Future<Output = Anyhow<Vec<Duration>>> + 'static,
{
    let tasks = LocalSet::new();
    let running: Vec<_> = callers.into_iter().map(|caller| tasks.spawn_local(caller)).collect();
    tasks
        .run_until(async {
            let mut took = Vec::new();
            for task in running {
                took.extend(task.await??);
            }
            Ok(took)
        })
        .await
}

impl Figures {
    /// Of all that was answered within a time.
    pub fn of(took: &mut [Duration], within: Duration) -> Anyhow<Self> {
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
        let answered = f64::from(u32::try_from(took.len())?);
        Ok(Self { per_second: answered / within.as_secs_f64(), p50: at(50), p99: at(99) })
    }
}

async fn call(mut caller: Caller, begin: Instant, end: Instant) -> Anyhow<Vec<Duration>> {
    let mut took = Vec::new();
    loop {
        let begun = Instant::now();
        caller.call().await?;
        let ended = Instant::now();
        if ended > end {
            return Ok(took);
        }
        if begun > begin {
            took.push(ended - begun);
        }
    }
}
