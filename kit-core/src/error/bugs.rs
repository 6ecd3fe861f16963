use std::sync::atomic::{AtomicU64, Ordering};

static BUGS: AtomicU64 = AtomicU64::new(0);

/// How many raw errors this process has turned into bugs since it started: `kit_bugs_total`. It only rises.
pub fn bugs() -> u64 {
    BUGS.load(Ordering::Relaxed)
}

pub(crate) fn count() {
    BUGS.fetch_add(1, Ordering::Relaxed);
}
