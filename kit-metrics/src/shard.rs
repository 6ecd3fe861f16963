//! Where a thread writes: one of a few cache lines, picked once per thread.
//!
//! Two threads that add to one handle write different lines, so neither waits for the other's. Eight shards
//! cost a counter 1 KiB; a ninth thread shares a line with the first, which is slower and never wrong.
//! The lines are 128 bytes apart because common processors fetch lines of 64 bytes in pairs.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Shards of every instrument; a power of two, so that picking one is a mask.
pub(crate) const SHARDS: usize = 8;

/// Words of eight bytes on a [`Line`].
pub(crate) const WORDS: usize = 16;

const UNASSIGNED: usize = usize::MAX;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SLOT: Cell<usize> = const { Cell::new(UNASSIGNED) };
}

/// A value alone on its cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// Sixteen counts alone on their cache lines.
pub(crate) type Line = Padded<[AtomicU64; WORDS]>;

/// The shard of the calling thread, below [`SHARDS`].
#[inline]
pub(crate) fn slot() -> usize {
    let slot = SLOT.get();
    if slot == UNASSIGNED { assign() } else { slot & (SHARDS - 1) }
}

#[cold]
fn assign() -> usize {
    let slot = NEXT.fetch_add(1, Ordering::Relaxed) & (SHARDS - 1);
    SLOT.set(slot);
    slot
}

/// Adds to a float kept as its bits.
#[inline]
pub(crate) fn add_f64(bits: &AtomicU64, value: f64) {
    let mut old = bits.load(Ordering::Relaxed);
    loop {
        let new = (f64::from_bits(old) + value).to_bits();
        match bits.compare_exchange_weak(old, new, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => old = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_its_shard() {
        assert_eq!(slot(), slot());
        assert!(slot() < SHARDS);
    }

    #[test]
    fn shards_do_not_share_a_line() {
        assert_eq!(std::mem::size_of::<Line>(), 128);
        assert_eq!(std::mem::align_of::<Line>(), 128);
    }
}
