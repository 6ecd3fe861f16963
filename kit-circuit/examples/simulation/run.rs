//! The load, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use kit_core::{BoxEndpoint, Context, Endpoint as _};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval, timeout_at};

use crate::backend::{Backend, INSTANCES, State};
use crate::client::{PATIENCE, Stack};

/// Calls a second, and for how many seconds. They come whether or not those before them have ended.
const LOAD: [(u32, u32); 3] = [(400, 5), (800, 5), (400, 5)];

/// How long the load lasts.
pub(crate) const SECONDS: u64 = 15;

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) calls: u64,
    pub(crate) good: u64,
    pub(crate) attempts: u64,
    /// In order.
    times: Vec<Duration>,
}

impl Figures {
    /// Answers in time, per second.
    pub(crate) fn goodput(&self) -> f64 {
        self.good as f64 / SECONDS as f64
    }

    /// Attempts for each call.
    pub(crate) fn amplification(&self) -> f64 {
        self.attempts as f64 / self.calls as f64
    }

    /// The time within which 99 calls in a hundred ended.
    pub(crate) fn p99(&self) -> Duration {
        self.times[self.times.len() * 99 / 100]
    }
}

/// Runs the load against a client of this kind. The same figures each time.
pub(crate) fn run(stack: Stack, state: State) -> Figures {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without sockets").block_on(load(stack, state))
}

async fn load(stack: Stack, state: State) -> Figures {
    let backends: Vec<_> = (0..INSTANCES).map(|instance| Arc::new(Backend::new(instance, state))).collect();
    let client = stack.client(&backends).expect("settings in their ranges");
    let (mut running, mut figures) = (JoinSet::new(), Figures { calls: 0, good: 0, attempts: 0, times: Vec::new() });
    for (rate, seconds) in LOAD {
        let mut ticks = interval(Duration::from_secs(1) / rate);
        for _ in 0..rate * seconds {
            ticks.tick().await;
            running.spawn(one(client.clone()));
            while let Some(ended) = running.try_join_next() {
                figures.note(ended);
            }
        }
    }
    while let Some(ended) = running.join_next().await {
        figures.note(ended);
    }
    figures.times.sort_unstable();
    figures.attempts = backends.iter().map(|backend| backend.calls()).sum();
    figures
}

/// A call of somebody who waits for a second: whether there was an answer, and after which time.
async fn one(client: BoxEndpoint<(), ()>) -> (bool, Duration) {
    let begun = Instant::now();
    let until = begun + PATIENCE;
    let mut cx = Context::new().with_deadline(Some(until));
    let answer = timeout_at(until, client.call(&mut cx, ())).await;
    (matches!(answer, Ok(Ok(()))), begun.elapsed())
}

impl Figures {
    fn note(&mut self, ended: Result<(bool, Duration), JoinError>) {
        let (good, took) = ended.expect("no call panics, and none is aborted");
        self.calls += 1;
        self.good += u64::from(good);
        self.times.push(took);
    }
}
