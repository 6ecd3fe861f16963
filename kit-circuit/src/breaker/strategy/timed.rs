//! The calls of the last so many seconds: a ring of buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Call, lately};

/// A window is in ten parts, as in Polly and seatbelt: what leaves it leaves by a tenth.
pub(super) const BUCKETS: u64 = 10;

const BAD_BITS: u32 = 24;
const BAD: u64 = (1 << BAD_BITS) - 1;
const VERSION_BITS: u32 = 6;
const VERSIONS: u64 = (1 << VERSION_BITS) - 1;

/// Buckets come to their next round one by one, by whichever call is first: nothing runs in the background.
#[derive(Debug)]
pub(super) struct Timed {
    buckets: [Bucket; BUCKETS as usize],
    /// What threads know it by.
    id: u64,
}

impl Default for Timed {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { buckets: Default::default(), id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

#[derive(Debug, Default)]
struct Bucket {
    /// The round it is in, the version of the window's layout, and the bad calls, in one word that changes as one.
    word: AtomicU64,
    /// The number of the last call before its round. Written just after the word: who reads it before that takes the window for
    /// older and fuller than it is, and does not open.
    before: AtomicU64,
}

/// The round and the version, as the upper bits of a bucket's word. Rounds count from 1, so that a new bucket is in none; there are enough
/// for 50 years of the shortest.
#[inline]
fn tag(width: u64, version: u64, at: u64) -> u64 {
    (at / width + 1) << VERSION_BITS | version
}

impl Timed {
    /// Whether the thread knows the bucket of this time, and that is in its round: then there is nothing to be done for a good call.
    #[inline]
    pub(super) fn is_known(&self, version: u64, at: Instant) -> bool {
        lately::tag(self.id, at).is_some_and(|tag| {
            tag & VERSIONS == version && self.bucket(tag).word.load(Ordering::Acquire) >> BAD_BITS == tag
        })
    }

    /// Lets the thread know the bucket of this time.
    pub(super) fn learn(&self, width: u64, version: u64, at: Instant, nanos: u64) {
        let from = at.checked_sub(Duration::from_nanos(nanos % width));
        let until = from.and_then(|from| from.checked_add(Duration::from_nanos(width)));
        if let (Some(from), Some(until)) = (from, until) {
            lately::learn(self.id, tag(width, version, nanos), from, until);
        }
    }

    #[inline]
    fn bucket(&self, tag: u64) -> &Bucket {
        &self.buckets[((tag >> VERSION_BITS) % BUCKETS) as usize]
    }

    /// False if the bucket was found in another layout's round, and that layout is not `current` any more: try the new one.
    #[inline]
    pub(super) fn record(&self, width: u64, version: u64, call: &Call, bad: bool, current: impl Fn() -> bool) -> bool {
        let tag = tag(width, version, call.nanos());
        let bucket = self.bucket(tag);
        let word = bucket.word.load(Ordering::Acquire);
        if word >> BAD_BITS == tag {
            if bad {
                bucket.add(word);
            }
            return true;
        }
        bucket.turn(tag, call.number(), bad, current)
    }

    pub(super) fn seen(&self, width: u64, version: u64, number: u64, at: u64) -> (u64, u64) {
        let oldest = (tag(width, version, at) >> VERSION_BITS).saturating_sub(BUCKETS - 1);
        let (mut bad, mut before) = (0, number);
        for bucket in &self.buckets {
            let word = bucket.word.load(Ordering::Acquire);
            if word >> BAD_BITS & VERSIONS == version && word >> BAD_BITS >> VERSION_BITS >= oldest {
                bad += word & BAD;
                before = before.min(bucket.before.load(Ordering::Acquire));
            }
        }
        (bad, (number - before).max(bad))
    }

    pub(super) fn begin(&self, width: u64, version: u64, number: u64, at: u64, (bad, calls): (u64, u64)) {
        let tag = tag(width, version, at);
        let bucket = self.bucket(tag);
        bucket.before.store(number.saturating_sub(calls), Ordering::Release);
        bucket.word.store(tag << BAD_BITS | bad.min(BAD), Ordering::Release);
    }

    pub(super) fn clear(&self) {
        for bucket in &self.buckets {
            bucket.word.store(0, Ordering::Release);
        }
    }
}

impl Bucket {
    fn add(&self, word: u64) {
        // Sixteen million failures in a bucket say it all. Threads at the brim may pass it by one each, of two thousand kept free.
        if word & BAD < BAD - 2_048 {
            self.word.fetch_add(1, Ordering::AcqRel);
        }
    }

    #[cold]
    fn turn(&self, tag: u64, number: u64, bad: bool, current: impl Fn() -> bool) -> bool {
        loop {
            let word = self.word.load(Ordering::Acquire);
            let (found, ours) = (word >> BAD_BITS, tag);
            let same_version = (found ^ ours) & VERSIONS == 0;
            if found == ours {
                if bad {
                    self.add(word);
                }
                return true;
            }
            if same_version && found > ours {
                // The call's clock is a whole window behind.
                return true;
            }
            if !current() {
                return false;
            }
            let next = ours << BAD_BITS | u64::from(bad);
            if self.word.compare_exchange(word, next, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                self.before.store(number.saturating_sub(1), Ordering::Release);
                return true;
            }
        }
    }
}
