//! The instances that are called.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kit_core::sources::{Random as _, SeededRandom};
use kit_core::{Context, Error};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// How many there are.
pub(crate) const INSTANCES: usize = 10;

/// Calls that one works on at once, and that wait in front of it.
const WORKERS: usize = 4;
const QUEUE: usize = 50;

/// How an instance is.
#[derive(Clone, Copy)]
enum Health {
    Well,
    /// Every answer takes twenty times as long.
    Slow,
    /// Four answers in five are errors.
    Failing,
    Dead,
    /// It answers nobody.
    Hanging,
}

/// How all of them are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    OneSlowOneFailing,
    Dead,
    Hanging,
}

impl State {
    pub(crate) const ALL: [State; 3] = [State::OneSlowOneFailing, State::Dead, State::Hanging];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::OneSlowOneFailing => {
                "One of ten instances is slow and one fails; 400, 800, 400 calls a second, 5 s each"
            }
            State::Dead => "All ten are dead; the same load",
            State::Hanging => "All ten hang; the same load",
        }
    }

    fn of(self, instance: usize) -> Health {
        match (self, instance) {
            (State::Dead, _) => Health::Dead,
            (State::Hanging, _) => Health::Hanging,
            (State::OneSlowOneFailing, 0) => Health::Slow,
            (State::OneSlowOneFailing, 1) => Health::Failing,
            _ => Health::Well,
        }
    }
}

/// A server with a few workers and a short queue, whose answers take 10 ms on average (exponentially distributed).
pub(crate) struct Backend {
    health: Health,
    workers: Semaphore,
    /// Calls in the queue and at the workers.
    inside: AtomicU64,
    random: SeededRandom,
    calls: AtomicU64,
}

impl Backend {
    pub(crate) fn new(instance: usize, state: State) -> Self {
        Self {
            health: state.of(instance),
            workers: Semaphore::new(WORKERS),
            inside: AtomicU64::new(0),
            random: SeededRandom::new(instance as u64),
            calls: AtomicU64::new(0),
        }
    }

    /// Attempts that came here.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) async fn answer(&self, _cx: &mut Context, _request: ()) -> Result<(), Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let inside = Inside::enter(&self.inside);
        if inside.before >= (WORKERS + QUEUE) as u64 {
            return Err(Error::unavailable("the queue is full"));
        }
        let _worker = self.workers.acquire().await.expect("never closed");
        let work = Duration::from_secs_f64(-0.010 * (1.0 - self.random.unit()).ln());
        match self.health {
            Health::Hanging => std::future::pending().await,
            Health::Slow => sleep(work * 20).await,
            Health::Dead => return Err(Error::unavailable("dead")),
            Health::Failing if self.random.unit() < 0.8 => return Err(Error::unavailable("failing")),
            Health::Failing | Health::Well => sleep(work).await,
        }
        Ok(())
    }
}

/// A call inside, until it ends or is dropped.
struct Inside<'a> {
    count: &'a AtomicU64,
    before: u64,
}

impl<'a> Inside<'a> {
    fn enter(count: &'a AtomicU64) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
