//! What each series has sent.

use std::collections::{HashMap, HashSet};

use crate::snapshot::{Distribution, Snapshot};

/// What the daemon knows of one series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// The total of a counter, or the sum of a histogram or summary.
    pub(crate) sum: f64,
    /// How many observations.
    pub(crate) count: f64,
    /// The buckets of a histogram.
    pub(crate) buckets: Option<Distribution>,
    /// What sampling has left over, less than one.
    pub(crate) carry: f64,
}

/// What the daemon knows, by series.
#[derive(Debug, Default)]
pub(crate) struct Memory(HashMap<u64, Sent>);

impl Memory {
    pub(crate) fn of(&self, series: u64) -> Sent {
        self.0.get(&series).cloned().unwrap_or_default()
    }

    pub(crate) fn keep(&mut self, series: u64, sent: Sent) {
        self.0.insert(series, sent);
    }

    /// Drops what a snapshot no longer shows, when there is more kept than it shows.
    pub(crate) fn forget_all_but(&mut self, snapshot: &Snapshot) {
        let series = || snapshot.families().iter().flat_map(|family| family.series());
        if self.0.len() > series().count() {
            let live: HashSet<u64> = series().map(|series| series.id()).collect();
            self.0.retain(|id, _| live.contains(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    #[test]
    fn series_that_are_gone_are_forgotten_and_those_that_are_there_kept() {
        let registry = Registry::new();
        registry.counter("calls_total", "Calls").unlabelled().unwrap();
        let snapshot = registry.snapshot();
        let live = snapshot.families()[0].series()[0].id();
        let mut memory = Memory::default();
        let sent = Sent { sum: 1.0, ..Sent::default() };
        [live, u64::MAX - 1, u64::MAX].into_iter().for_each(|id| memory.keep(id, sent.clone()));
        memory.forget_all_but(&snapshot);
        assert_eq!((memory.0.len(), memory.of(live).sum), (1, 1.0));
    }
}
