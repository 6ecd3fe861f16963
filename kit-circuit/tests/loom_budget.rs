//! A budget's slots under every interleaving of its callers, by loom. Nothing without `--cfg loom`:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p kit-circuit --release --test loom_budget
//! ```
//!
//! The source is included, with loom's atomics in place of the standard ones. What is spent is counted under a lock, and has nothing
//! to prove.
#![cfg(loom)]

#[allow(dead_code, reason = "the source is included for its rules alone")]
#[path = "../src/budget/slots.rs"]
mod slots;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
}

use loom::model;
use loom::sync::Arc;
use loom::thread;
use slots::Slots;

/// Seconds that share a slot.
const OLD: u64 = 3;
const NEW: u64 = OLD + 64;

/// Adds one in each of these seconds, all at once.
fn together<const N: usize>(slots: &Arc<Slots>, seconds: [u64; N]) {
    let threads = seconds.map(|second| {
        let slots = Arc::clone(slots);
        thread::spawn(move || slots.add(second, 1))
    });
    for thread in threads {
        thread.join().expect("it only counts");
    }
}

#[test]
fn no_call_of_one_second_is_lost() {
    model(|| {
        let slots = Arc::new(Slots::default());
        together(&slots, [OLD, OLD]);
        assert_eq!(slots.sum(OLD, 1), 2);
    });
}

#[test]
fn callers_that_take_over_an_old_slot_together_all_count() {
    model(|| {
        let slots = Arc::new(Slots::default());
        slots.add(OLD, 5);
        together(&slots, [NEW, NEW]);
        assert_eq!((slots.sum(NEW, 1), slots.sum(OLD, 1)), (2, 0));
    });
}

#[test]
fn a_caller_that_is_a_minute_late_takes_nothing_away() {
    model(|| {
        let slots = Arc::new(Slots::default());
        together(&slots, [NEW, OLD]);
        // The late one may be counted among the others if it was already on its way; never the other way round.
        assert!((1..=2).contains(&slots.sum(NEW, 1)));
        assert_eq!(slots.sum(OLD, 1), 0);
    });
}

#[test]
fn a_sum_taken_meanwhile_counts_nothing_twice() {
    model(|| {
        let slots = Arc::new(Slots::default());
        slots.add(OLD, 1);
        let adding = Arc::clone(&slots);
        let adds = thread::spawn(move || adding.add(OLD + 1, 1));
        assert!((1..=2).contains(&slots.sum(OLD + 1, 2)));
        adds.join().expect("it only counts");
        assert_eq!(slots.sum(OLD + 1, 2), 2);
    });
}
