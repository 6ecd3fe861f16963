use std::sync::atomic::{AtomicU32, Ordering};

use super::window::Window;
use super::{Cause, Config};
use crate::balance::clock::nanos;

/// What one instance's calls say of it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    row: AtomicU32,
    window: Window,
    times: AtomicU32,
}

impl Record {
    /// A call has ended at `now`; gives what the instance is to be ejected for.
    pub(crate) fn note(&self, failed: bool, now: u64, config: &Config) -> Option<Cause> {
        let tick = now / Window::width(nanos(config.window));
        self.window.record(tick, failed);
        if !failed {
            if self.row.load(Ordering::Relaxed) != 0 {
                self.row.store(0, Ordering::Relaxed);
            }
            return None;
        }
        let row = self.row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if row >= config.in_a_row {
            return Some(Cause::InARow(row));
        }
        let (failed, calls) = self.window.seen(tick);
        let bad = calls >= u64::from(config.min_calls) && failed as f64 >= config.ratio * calls as f64;
        bad.then_some(Cause::Ratio { failed, calls })
    }

    /// What was seen is forgotten.
    pub(super) fn clear(&self) {
        self.row.store(0, Ordering::Relaxed);
        self.window.clear();
    }

    /// One more ejection, after so many windows in.
    pub(super) fn again(&self, forgiven: u64) -> u32 {
        let forgiven = u32::try_from(forgiven).unwrap_or(u32::MAX);
        let times = self.times.load(Ordering::Relaxed).saturating_sub(forgiven).saturating_add(1);
        self.times.store(times, Ordering::Relaxed);
        times
    }

    pub(crate) fn times(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }
}
