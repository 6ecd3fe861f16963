//! The series of a family, found by their label values.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::registry::cell::Cell;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A number that no other series of the process has.
pub(crate) fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// One label set and where its value comes from.
pub(crate) struct Series<I> {
    pub(crate) id: u64,
    pub(crate) values: Arc<[Box<str>]>,
    pub(crate) source: Source<I>,
}

pub(crate) enum Source<I> {
    Handle(I),
    Function(Box<dyn Fn() -> f64 + Send + Sync>),
}

/// A series beside the hash of its values.
type Slot<I> = Option<(u64, Arc<Series<I>>)>;

/// A hash table that is replaced as a whole when it changes, so that a lookup takes no lock.
///
/// Open addressing, at most half full.
pub(crate) struct Table<I> {
    slots: Box<[Slot<I>]>,
    len: usize,
}

impl<I: Cell> Table<I> {
    pub(crate) fn new() -> Self {
        Self::with(std::iter::empty(), 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Series<I>>> {
        self.slots.iter().flatten().map(|(_, series)| series)
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, values: &[&[u8]]) -> Option<&Arc<Series<I>>> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some((found, series)) = &self.slots[at] {
            if *found == hash && same(&series.values, values) {
                return Some(series);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// This table and one series more.
    pub(crate) fn plus(&self, hash: u64, series: Arc<Series<I>>) -> Self {
        let entries = self.slots.iter().flatten().cloned().chain([(hash, series)]);
        Self::with(entries, self.len + 1)
    }

    /// This table without one of its series.
    pub(crate) fn minus(&self, id: u64) -> Self {
        let entries = self.slots.iter().flatten().filter(|(_, series)| series.id != id).cloned();
        Self::with(entries, self.len - 1)
    }

    fn with(entries: impl Iterator<Item = (u64, Arc<Series<I>>)>, len: usize) -> Self {
        let size = (2 * len).next_power_of_two().max(2);
        let mut slots: Box<[_]> = (0..size).map(|_| None).collect();
        for (hash, series) in entries {
            let mut at = hash as usize & (size - 1);
            while slots[at].is_some() {
                at = (at + 1) & (size - 1);
            }
            slots[at] = Some((hash, series));
        }
        Self { slots, len }
    }
}

#[inline]
fn same(kept: &[Box<str>], given: &[&[u8]]) -> bool {
    kept.len() == given.len() && kept.iter().zip(given).all(|(kept, given)| kept.as_bytes() == *given)
}
