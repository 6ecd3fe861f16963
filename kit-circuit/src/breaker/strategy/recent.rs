//! How many of the last calls were bad.
//!
//! A window counts bad calls alone. How many calls there were follows from their numbers, so a good call, which is nearly every one,
//! reads one or two words and writes none.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::time::Instant;

use super::super::Window;
use super::super::config::MOST_CALLS;
use super::call::nanos;
use super::timed::{BUCKETS, Timed};
use super::{Call, Verdict};

/// One window, which may change its kind and its size while calls run. Exact for calls that end one after another; of those
/// that end at the same instant a few may be missed.
#[derive(Debug, Default)]
pub(in crate::breaker) struct Recent {
    /// What it looks at: the kind in bit 0 (1 is time), a version in bits 1 to 6, calls or a bucket's nanoseconds above. Zero is
    /// nothing.
    layout: AtomicU64,
    counted: Counted,
    timed: Timed,
}

impl Recent {
    #[inline]
    pub(in crate::breaker) fn record(&self, call: &Call, bad: bool) {
        loop {
            let layout = Layout(self.layout.load(Ordering::Acquire));
            if layout.0 == 0 {
                return;
            }
            if !layout.is_timed() {
                return self.counted.record(layout.size(), call.number(), bad);
            }
            let current = || self.layout.load(Ordering::Acquire) == layout.0;
            if self.timed.record(layout.size(), layout.version(), call, bad, current) {
                return;
            }
        }
    }

    /// A good call, which ended at `at`, with a breaker made at `made`; its number is asked if that is looked at.
    #[inline]
    pub(super) fn worked(&self, number: impl FnOnce() -> u64, at: Instant, made: Instant) {
        let layout = Layout(self.layout.load(Ordering::Acquire));
        if layout.0 == 0 {
            return;
        }
        if !layout.is_timed() {
            return self.counted.record(layout.size(), number(), false);
        }
        if !self.timed.is_known(layout.version(), at) {
            self.work_out(layout, number(), at, made);
        }
    }

    /// The same, where the thread does not know its bucket yet.
    #[cold]
    fn work_out(&self, layout: Layout, number: u64, at: Instant, made: Instant) {
        let nanos = nanos(at.saturating_duration_since(made));
        self.record(&Call::at_nanos(number, nanos, Verdict::Worked), false);
        // A clock that is behind the breaker says nothing of where its bucket ends.
        if at >= made {
            self.timed.learn(layout.size(), layout.version(), at, nanos);
        }
    }

    /// Whether it looks at the last so many calls.
    #[inline]
    pub(super) fn numbers(&self) -> bool {
        let layout = Layout(self.layout.load(Ordering::Acquire));
        layout.0 != 0 && !layout.is_timed()
    }

    /// Bad calls and calls in the window that ends with this number, or at this time; `None` if nobody looks.
    pub(in crate::breaker) fn seen(&self, number: u64, at: u64) -> Option<(u64, u64)> {
        let layout = Layout(self.layout.load(Ordering::Acquire));
        match layout.is_timed() {
            _ if layout.0 == 0 => None,
            true => Some(self.timed.seen(layout.size(), layout.version(), number, at)),
            false => Some(self.counted.seen(layout.size(), number)),
        }
    }

    /// Looks at another window. What it has seen is kept, as if it had just been seen.
    pub(in crate::breaker) fn set(&self, window: Option<Window>, number: u64, at: u64) {
        let before = Layout(self.layout.load(Ordering::Acquire));
        let Some(window) = window else {
            self.layout.store(0, Ordering::Release);
            return self.clear(number);
        };
        let after = Layout::new(window, before.version() + 1);
        if (after.is_timed(), after.size()) == (before.is_timed(), before.size()) {
            return;
        }
        let (bad, calls) = self.seen(number, at).unwrap_or_default();
        self.clear(number);
        match after.is_timed() {
            true => self.timed.begin(after.size(), after.version(), number, at, (bad, calls)),
            false => self.counted.begin(after.size(), number, (bad, calls)),
        }
        self.layout.store(after.0, Ordering::Release);
    }

    pub(super) fn reset(&self, number: u64) {
        self.clear(number);
    }

    fn clear(&self, number: u64) {
        self.counted.clear(number);
        self.timed.clear();
    }
}

#[derive(Clone, Copy)]
struct Layout(u64);

impl Layout {
    fn new(window: Window, version: u64) -> Self {
        let (kind, size) = match window {
            Window::Calls(calls) => (0, u64::from(calls)),
            Window::Time(length) => (1, nanos(length) / BUCKETS),
        };
        Self(size << 7 | (version & 63) << 1 | kind)
    }

    #[inline]
    fn is_timed(self) -> bool {
        self.0 & 1 == 1
    }

    #[inline]
    fn version(self) -> u64 {
        self.0 >> 1 & 63
    }

    #[inline]
    fn size(self) -> u64 {
        self.0 >> 7
    }
}

/// The last so many calls: a ring of bits, set for a bad one.
#[derive(Debug)]
struct Counted {
    bits: [AtomicU64; MOST_CALLS as usize / 64],
    /// The bits that are set; for an instant it may lag, and even be negative.
    bad: AtomicI64,
    /// The number of the last call before the window began.
    began: AtomicU64,
}

impl Default for Counted {
    fn default() -> Self {
        Self { bits: std::array::from_fn(|_| AtomicU64::new(0)), bad: AtomicI64::new(0), began: AtomicU64::new(0) }
    }
}

impl Counted {
    #[inline]
    fn record(&self, size: u64, number: u64, bad: bool) {
        let place = number % size;
        let (bits, bit) = (&self.bits[(place / 64) as usize], 1 << (place % 64));
        // What a place changes by is what is counted, so that the count agrees with the bits whoever comes between.
        if bad {
            if bits.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
                self.bad.fetch_add(1, Ordering::Relaxed);
            }
        } else if bits.load(Ordering::Relaxed) & bit != 0 && bits.fetch_and(!bit, Ordering::Relaxed) & bit != 0 {
            self.bad.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn seen(&self, size: u64, number: u64) -> (u64, u64) {
        let calls = number.saturating_sub(self.began.load(Ordering::Relaxed)).min(size);
        let bad = u64::try_from(self.bad.load(Ordering::Relaxed)).unwrap_or(0);
        (bad.min(calls), calls)
    }

    fn begin(&self, size: u64, number: u64, (bad, calls): (u64, u64)) {
        let kept = calls.min(size);
        self.began.store(number.saturating_sub(kept), Ordering::Relaxed);
        // The same share of fewer calls.
        let bad = if calls == 0 { 0 } else { (bad * kept).div_ceil(calls) };
        for number in number.saturating_sub(bad) + 1..=number {
            self.record(size, number, true);
        }
    }

    fn clear(&self, number: u64) {
        for bits in &self.bits {
            let set = bits.swap(0, Ordering::Relaxed).count_ones();
            self.bad.fetch_sub(i64::from(set), Ordering::Relaxed);
        }
        self.began.store(number, Ordering::Relaxed);
    }
}
