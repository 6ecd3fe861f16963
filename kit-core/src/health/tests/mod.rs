mod gates;
mod runs;
mod told;

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::Error;

const S: Duration = Duration::from_secs(1);

/// A check that counts its runs, takes a while, and answers as it is told.
#[derive(Clone, Default)]
struct Played(Arc<Play>);

#[derive(Default)]
struct Play {
    runs: AtomicU32,
    living: AtomicU32,
    takes: Duration,
    error: std::sync::Mutex<Option<Error>>,
}

impl Played {
    fn taking(takes: Duration) -> Self {
        Self(Arc::new(Play { takes, ..Play::default() }))
    }

    fn runs(&self) -> u32 {
        self.0.runs.load(Ordering::SeqCst)
    }

    /// Runs that have neither ended nor been dropped.
    fn living(&self) -> u32 {
        self.0.living.load(Ordering::SeqCst)
    }

    fn set(&self, error: impl Into<Option<Error>>) {
        *self.0.error.lock().unwrap() = error.into();
    }
}

struct Life(Arc<Play>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.living.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Check for Played {
    async fn check(&self) -> Result<(), Error> {
        self.0.runs.fetch_add(1, Ordering::SeqCst);
        self.0.living.fetch_add(1, Ordering::SeqCst);
        let _life = Life(Arc::clone(&self.0));
        if !self.0.takes.is_zero() {
            tokio::time::sleep(self.0.takes).await;
        }
        let error = self.0.error.lock().unwrap().clone();
        error.map_or(Ok(()), Err)
    }
}

/// A process that has started, with one readiness check.
fn with(check: impl Check) -> Health {
    let health = Health::new();
    health.set_started();
    health.add(Probe::Readiness, "db", check).unwrap();
    health
}

async fn failing(health: &Health, probe: Probe) -> Vec<String> {
    health.report(probe).await.failing().map(String::from).collect()
}
