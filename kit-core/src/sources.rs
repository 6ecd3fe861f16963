//! Where time of day, chance and ids come from: passed in, so that a test sets them.
//!
//! The monotonic clock is tokio's everywhere (a paused runtime moves it); these are the other three. Layers take them as
//! values. Only an [`Error`](crate::Error) cannot be handed one, since it is made in the middle of anything: it asks its
//! thread, which a test may set with `testing::fixed_errors` (feature `testing`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::error::ErrorId;

/// The wall clock. For stamps that people read, never for windows, limits or timeouts.
pub trait WallClock: Send + Sync {
    /// The time of day.
    fn now(&self) -> SystemTime;
}

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl WallClock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A wall clock that stands where it was put.
#[derive(Debug)]
pub struct FixedClock(AtomicU64);

impl FixedClock {
    /// A clock at this many nanoseconds after 1970-01-01T00:00:00Z.
    pub const fn at_nanos(nanos: u64) -> Self {
        Self(AtomicU64::new(nanos))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl WallClock for FixedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// A source of chance. Nothing secret may come from it.
pub trait Random: Send + Sync {
    /// 64 uniform bits.
    fn bits(&self) -> u64;

    /// A number in `[0.0, 1.0)`.
    fn unit(&self) -> f64 {
        // The upper 53 bits fill a mantissa exactly.
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number in `0..bound`; 0 for a bound of 0. The bias is below `bound / 2^64`.
    fn below(&self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A duration in `[0, limit)`: full jitter.
    fn jitter(&self, limit: Duration) -> Duration {
        // Whole nanoseconds: a float would round up to the limit itself.
        Duration::from_nanos(self.below(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Each thread's own generator, seeded by the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadRandom;

impl Random for ThreadRandom {
    fn bits(&self) -> u64 {
        fastrand::u64(..)
    }
}

/// The same numbers for the same seed, from any thread (SplitMix64 over a counter).
#[derive(Debug)]
pub struct SeededRandom(AtomicU64);

impl SeededRandom {
    /// The sequence of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for SeededRandom {
    fn bits(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl<R: Random + ?Sized> Random for std::sync::Arc<R> {
    fn bits(&self) -> u64 {
        (**self).bits()
    }
}

/// A source of 128-bit ids.
pub trait Ids: Send + Sync {
    /// The next id.
    fn next_id(&self) -> u128;
}

/// Ids from a source of chance.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds<R = ThreadRandom>(pub R);

impl<R: Random> Ids for RandomIds<R> {
    fn next_id(&self) -> u128 {
        u128::from(self.0.bits()) << 64 | u128::from(self.0.bits())
    }
}

/// Ids that count up from where they were told to start.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl CountingIds {
    /// The first id will be `first`.
    pub const fn from(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl Ids for CountingIds {
    fn next_id(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// The id and the time of an error that is being made on this thread.
pub(crate) fn stamp_error() -> (ErrorId, SystemTime) {
    #[cfg(any(test, feature = "testing"))]
    if let Some(fixed) = testing::stamp() {
        return fixed;
    }
    (ErrorId::from_bits(ThreadRandom.bits()), SystemClock.now())
}

/// Sources of errors that stand still, for tests.
#[cfg(any(test, feature = "testing"))]
pub mod testing {
    use std::cell::Cell;
    use std::time::SystemTime;

    use super::{CountingIds, FixedClock, Ids as _, WallClock as _};
    use crate::error::ErrorId;

    thread_local! {
        static ERRORS: Cell<Option<&'static FixedErrors>> = const { Cell::new(None) };
    }

    pub(super) fn stamp() -> Option<(ErrorId, SystemTime)> {
        let fixed = ERRORS.get()?;
        Some((ErrorId::from_bits(fixed.ids.next_id() as u64), fixed.clock.now()))
    }

    #[derive(Debug)]
    struct FixedErrors {
        ids: CountingIds,
        clock: FixedClock,
    }

    /// Puts the thread's own sources back when it is dropped.
    #[derive(Debug)]
    pub struct FixedErrorsGuard(());

    impl Drop for FixedErrorsGuard {
        fn drop(&mut self) {
            ERRORS.set(None);
        }
    }

    /// Until the guard is dropped, errors made on this thread count their ids up from `first` and are stamped by the clock
    /// given back, which starts at 2001-09-09T01:46:40Z (a billion seconds). It leaks a few bytes: for tests alone.
    pub fn fixed_errors(first: u64) -> (FixedErrorsGuard, &'static FixedClock) {
        let clock = FixedClock::at_nanos(1_000_000_000_000_000_000);
        let fixed: &'static FixedErrors = Box::leak(Box::new(FixedErrors { ids: CountingIds::from(first), clock }));
        ERRORS.set(Some(fixed));
        (FixedErrorsGuard(()), &fixed.clock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_sequence_again() {
        let draw = |seed| {
            let random = SeededRandom::new(seed);
            [random.bits(), random.bits(), random.bits()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        // The reference values of SplitMix64 for seed 0.
        assert_eq!(draw(0), [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn chance_stays_within_its_bounds() {
        let random = SeededRandom::new(42);
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&random.unit()));
            assert!(random.below(7) < 7);
            assert!(random.jitter(Duration::from_secs(1)) < Duration::from_secs(1));
        }
        assert_eq!(random.below(0), 0);
    }
}
