//! Where a thread writes what every call writes: one of a few cache lines, picked once for each thread.
//!
//! Two threads that count calls of one layer write different lines, so neither waits for the other's. A ninth thread shares a line with
//! the first, which is slower and never wrong. kit-metrics' handles do the same; it can be had without kit-core, so there is nowhere to
//! put what both share.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A power of two, so that picking one is a mask.
const SHARDS: usize = 8;

/// One `T` for each of a few threads: all of them read together, and each written by few.
#[derive(Debug, Default)]
pub(crate) struct Shards<T>([Padded<T>; SHARDS]);

/// Alone on its cache lines: 128 bytes apart, because common processors fetch lines of 64 bytes in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

impl<T> Shards<T> {
    /// That of the calling thread.
    #[inline]
    pub(crate) fn mine(&self) -> &T {
        &self.0[slot()].0
    }

    /// The same one for everybody: for what has to be counted in one place.
    #[inline]
    pub(crate) fn first(&self) -> &T {
        &self.0[0].0
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|shard| &shard.0)
    }
}

const UNASSIGNED: usize = usize::MAX;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SLOT: Cell<usize> = const { Cell::new(UNASSIGNED) };
}

#[inline]
fn slot() -> usize {
    let slot = SLOT.get();
    if slot == UNASSIGNED { assign() } else { slot & (SHARDS - 1) }
}

#[cold]
fn assign() -> usize {
    let slot = NEXT.fetch_add(1, Ordering::Relaxed) & (SHARDS - 1);
    SLOT.set(slot);
    slot
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn a_thread_keeps_its_shard_and_two_in_a_row_have_different_ones() {
        let shards = Shards::<AtomicU64>::default();
        shards.mine().fetch_add(1, Ordering::Relaxed);
        shards.mine().fetch_add(1, Ordering::Relaxed);
        let counts: Vec<_> = shards.iter().map(|n| n.load(Ordering::Relaxed)).filter(|&n| n > 0).collect();
        assert_eq!(counts, [2]);
        assert_ne!(assign(), assign());
    }

    #[test]
    fn shards_do_not_share_a_line() {
        assert_eq!((size_of::<Shards<AtomicU64>>(), align_of::<Shards<AtomicU64>>()), (128 * SHARDS, 128));
    }
}
