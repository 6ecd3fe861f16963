//! What the drains of this crate lost, cut or failed at: plain numbers for metrics to read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Running totals of one logger's drain. Clones share them; every total only rises.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Totals>);

#[derive(Debug, Default)]
struct Totals {
    dropped: AtomicU64,
    repeated: AtomicU64,
    truncated: AtomicU64,
    write_errors: AtomicU64,
}

impl Counters {
    /// Lines lost because the async drain's queue was full or closed, or because a writer logged to its own drain.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Lines held back by the limit on repeated lines.
    pub fn repeated(&self) -> u64 {
        self.0.repeated.load(Ordering::Relaxed)
    }

    /// Lines printed with a part cut or left out because they were too long.
    pub fn truncated(&self) -> u64 {
        self.0.truncated.load(Ordering::Relaxed)
    }

    /// Lines lost because the writer refused them.
    pub fn write_errors(&self) -> u64 {
        self.0.write_errors.load(Ordering::Relaxed)
    }

    pub(crate) fn add_dropped(&self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_repeated(&self) {
        self.0.repeated.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_truncated(&self) {
        self.0.truncated.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_write_errors(&self, lines: u64) {
        self.0.write_errors.fetch_add(lines, Ordering::Relaxed);
    }
}
