//! A number that is set, and goes up and down.

use std::borrow::Borrow;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::registry::cell::{Cell, Refusals};
use crate::registry::meta::Meta;
use crate::shard::{Padded, SHARDS, add_f64, slot};
use crate::snapshot::{Kind, Value};

/// A handle on a number that is set, and goes up and down; clones feed the same number.
///
/// A gauge that only ever counts things in and out ([`inc`](Self::inc), [`dec`](Self::dec), [`track`](Self::track))
/// writes a cache line of the calling thread's, as a counter does. The first [`set`](Self::set) turns it into one
/// shared number, exact and last writer wins; the two styles may be mixed, at the price of sharing that number.
/// No reader ever resets it.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = kit_metrics::Registry::new();
/// let in_flight = registry.gauge("requests_in_flight", "Requests being served").unlabelled()?;
/// let guard = in_flight.track();
/// assert_eq!(in_flight.value(), 1.0);
/// drop(guard);
/// assert_eq!(in_flight.value(), 0.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Gauge(Arc<State>);

struct State {
    shards: [Padded<AtomicI64>; SHARDS],
    /// What `set` and `add` wrote: the bits of an `f64`.
    base: AtomicU64,
    /// The sum of the shards when `set` was first called; from then on they count no more, save for late writers.
    settled: OnceLock<i64>,
    refusals: Refusals,
}

/// Counts one thing in for as long as it lives; made by [`Gauge::track`].
#[derive(Debug)]
#[must_use = "dropping it counts the thing out again"]
pub struct Tracked<G: Borrow<Gauge>>(G);

impl Gauge {
    /// Replaces the value. NaN and the infinities are allowed: they say that a value is not known or has no bound.
    pub fn set(&self, value: f64) {
        self.0.settled.get_or_init(|| {
            // Stored before the sum is published, so that no reader sees the gap.
            self.0.base.store(value.to_bits(), Ordering::Relaxed);
            self.0.counted()
        });
        self.0.base.store(value.to_bits(), Ordering::Release);
    }

    /// Adds a number, which may be negative. A non-finite one is refused and counted in
    /// `kit_metrics_values_refused_total`: nothing could ever be added to the result.
    pub fn add(&self, n: f64) {
        if n.is_finite() {
            add_f64(&self.0.base, n);
        } else {
            self.0.refusals.count();
        }
    }

    /// Subtracts a number; as [`add`](Self::add) of its negative.
    pub fn sub(&self, n: f64) {
        self.add(-n);
    }

    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.count(1);
    }

    /// Subtracts one.
    #[inline]
    pub fn dec(&self) {
        self.count(-1);
    }

    /// Counts one thing in until the guard is dropped, whatever ended it.
    #[inline]
    pub fn track(&self) -> Tracked<&Gauge> {
        self.inc();
        Tracked(self)
    }

    /// As [`track`](Self::track), with a guard that borrows nothing and may be moved into a task.
    pub fn track_owned(&self) -> Tracked<Gauge> {
        self.inc();
        Tracked(self.clone())
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        let settled = self.0.settled.get().copied();
        let base = f64::from_bits(self.0.base.load(Ordering::Acquire));
        // Integers first: a gauge that was set to 0.1 reads 0.1 whatever was counted before.
        base + self.0.counted().wrapping_sub(settled.unwrap_or(0)) as f64
    }

    #[inline]
    fn count(&self, n: i64) {
        if self.0.settled.get().is_none() {
            self.0.shards[slot()].0.fetch_add(n, Ordering::Relaxed);
        } else {
            add_f64(&self.0.base, n as f64);
        }
    }
}

impl State {
    fn counted(&self) -> i64 {
        self.shards.iter().fold(0, |sum: i64, shard| sum.wrapping_add(shard.0.load(Ordering::Relaxed)))
    }
}

impl<G: Borrow<Gauge>> Drop for Tracked<G> {
    #[inline]
    fn drop(&mut self) {
        self.0.borrow().dec();
    }
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gauge").field(&self.value()).finish()
    }
}

impl Cell for Gauge {
    const KIND: Kind = Kind::Gauge;

    fn new(_: &Meta, refusals: &Refusals) -> Self {
        Self(Arc::new(State {
            shards: Default::default(),
            base: AtomicU64::new(0),
            settled: OnceLock::new(),
            refusals: refusals.clone(),
        }))
    }

    fn read(&self) -> Value {
        Value::Gauge(self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    fn gauge() -> Gauge {
        Registry::new().gauge("depth", "Things waiting").unlabelled().unwrap()
    }

    #[test]
    fn a_set_value_is_read_back_to_the_bit_after_counting() {
        let gauge = gauge();
        (0..3).for_each(|_| gauge.inc());
        gauge.set(0.1);
        assert_eq!(gauge.value(), 0.1);
        gauge.inc();
        assert_eq!(gauge.value(), 1.1);
    }

    #[test]
    fn sums_and_counts_mix() {
        let gauge = gauge();
        gauge.add(2.5);
        gauge.dec();
        gauge.sub(0.5);
        assert_eq!(gauge.value(), 1.0);
        gauge.set(-4.0);
        gauge.dec();
        assert_eq!(gauge.value(), -5.0);
    }

    #[test]
    fn a_non_finite_step_is_refused_and_a_non_finite_value_is_not() {
        let gauge = gauge();
        gauge.add(f64::INFINITY);
        gauge.sub(f64::NAN);
        assert_eq!(gauge.value(), 0.0);
        gauge.set(f64::NAN);
        assert!(gauge.value().is_nan());
        gauge.set(2.0);
        assert_eq!(gauge.value(), 2.0);
    }

    #[test]
    fn a_tracked_thing_is_counted_out_on_another_thread_and_after_a_panic() {
        let gauge = gauge();
        let guard = gauge.track_owned();
        assert_eq!(gauge.value(), 1.0);
        let ended = std::thread::spawn(move || {
            let _guard = guard;
            std::panic::resume_unwind(Box::new("ended"));
        });
        assert!(ended.join().is_err());
        assert_eq!(gauge.value(), 0.0);
    }

    #[test]
    fn threads_lose_nothing_once_it_was_set() {
        let gauge = gauge();
        gauge.set(0.0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5_000).for_each(|_| gauge.inc()));
                scope.spawn(|| (0..5_000).for_each(|_| gauge.add(2.0)));
            }
        });
        assert_eq!(gauge.value(), 60_000.0);
    }
}
