use std::sync::atomic::{AtomicU64, Ordering};

use super::load::Load;
use crate::ejection::Record;

/// What a roster knows of one instance, kept as long as the instance is in the set.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    load: Load,
    record: Record,
    /// From when it may be called; while that is to come, it is out.
    since: AtomicU64,
}

impl Vitals {
    pub(crate) fn since(&self) -> u64 {
        self.since.load(Ordering::Relaxed)
    }

    pub(crate) fn set_since(&self, at: u64) {
        self.since.store(at, Ordering::Relaxed);
    }

    pub(crate) fn is_out(&self, now: u64) -> bool {
        now < self.since()
    }

    pub(crate) fn load(&self) -> &Load {
        &self.load
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }
}
