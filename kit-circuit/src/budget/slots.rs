use super::sync::{AtomicU64, Ordering};

/// The longest window, in seconds.
pub(super) const LONGEST: u64 = 60;

/// A power of two that holds the longest window, one slot more for what is spent, and some for who comes late.
const SLOTS: usize = 64;

/// Which second it is, from the start of the budget on; 28 bits of it are kept: 8.5 years.
pub(super) type Second = u64;

const COUNT_BITS: u32 = 36;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

/// How many a second, over the last minute. A slot is one word, its second above and its count below: a slot that is a minute
/// old is taken over in one step, and none is ever cleared by somebody else.
#[derive(Debug)]
pub(super) struct Slots([AtomicU64; SLOTS]);

impl Slots {
    pub(super) fn add(&self, second: Second, count: u64) {
        let slot = &self.0[second as usize % SLOTS];
        let fresh = tag(second);
        let mut word = slot.load(Ordering::Relaxed);
        loop {
            match (word & !COUNT).cmp(&fresh) {
                // If another second takes the slot over in between, a minute has passed, and this is in the wrong one.
                std::cmp::Ordering::Equal => {
                    slot.fetch_add(count, Ordering::Relaxed);
                    return;
                }
                // A minute late: nobody counts it any more.
                std::cmp::Ordering::Greater => return,
                std::cmp::Ordering::Less => {}
            }
            match slot.compare_exchange_weak(word, fresh | count, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// How many in the `seconds` that end with `last`, that one included.
    pub(super) fn sum(&self, last: Second, seconds: u64) -> u64 {
        let first = (last + 1).saturating_sub(seconds);
        let count = |second: Second| {
            let word = self.0[second as usize % SLOTS].load(Ordering::Relaxed);
            if word & !COUNT == tag(second) { word & COUNT } else { 0 }
        };
        (first..=last).map(count).sum()
    }
}

/// The upper bits of a slot of this second. Never those of a slot that was never used.
fn tag(second: Second) -> u64 {
    (second + 1) << COUNT_BITS
}

impl Default for Slots {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}
