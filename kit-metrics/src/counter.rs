//! A number that only rises.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::registry::cell::{Cell, Refusals};
use crate::registry::meta::Meta;
use crate::shard::{Padded, SHARDS, add_f64, slot};
use crate::snapshot::{Kind, Value};

/// A handle on a number that only rises; clones feed the same number.
///
/// An increment is one atomic addition on a cache line of the calling thread's: no lock, no allocation.
/// Whole numbers added by [`inc`](Self::inc) and [`add`](Self::add) are summed as integers, exactly, and wrap past
/// 2⁶⁴; fractions added by [`add_f64`](Self::add_f64) are kept apart. Backends read the sum of both as `f64`.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = kit_metrics::Registry::new();
/// let jobs = registry.counter("jobs_total", "Jobs done").unlabelled()?;
/// jobs.inc();
/// jobs.add(2);
/// assert_eq!(jobs.value(), 3.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Counter(Arc<State>);

struct State {
    shards: [Padded<Shard>; SHARDS],
    refusals: Refusals,
}

#[derive(Default)]
struct Shard {
    whole: AtomicU64,
    /// The bits of an `f64`.
    part: AtomicU64,
}

impl Counter {
    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds a whole number.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.shards[slot()].0.whole.fetch_add(n, Ordering::Relaxed);
    }

    /// Adds a number that may have a fraction, such as seconds of work.
    ///
    /// A negative or non-finite number is refused, and counted in `kit_metrics_values_refused_total`.
    #[inline]
    pub fn add_f64(&self, n: f64) {
        if n.is_finite() && n >= 0.0 {
            add_f64(&self.0.shards[slot()].0.part, n);
        } else {
            self.0.refusals.count();
        }
    }

    /// What has been added so far.
    pub fn value(&self) -> f64 {
        let mut whole = 0_u64;
        let mut part = 0.0;
        for Padded(shard) in &self.0.shards {
            whole = whole.wrapping_add(shard.whole.load(Ordering::Relaxed));
            part += f64::from_bits(shard.part.load(Ordering::Relaxed));
        }
        whole as f64 + part
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.value()).finish()
    }
}

impl Cell for Counter {
    const KIND: Kind = Kind::Counter;

    fn new(_: &Meta, refusals: &Refusals) -> Self {
        Self(Arc::new(State { shards: Default::default(), refusals: refusals.clone() }))
    }

    fn read(&self) -> Value {
        Value::Counter(self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    fn counter() -> (Registry, Counter) {
        let registry = Registry::new();
        let counter = registry.counter("jobs_total", "Jobs done").unlabelled().unwrap();
        (registry, counter)
    }

    #[test]
    fn clones_feed_one_number() {
        let (_, counter) = counter();
        counter.clone().add(2);
        counter.inc();
        assert_eq!(counter.value(), 3.0);
    }

    #[test]
    fn fractions_and_whole_numbers_add_up() {
        let (_, counter) = counter();
        counter.add_f64(0.5);
        counter.add(1);
        counter.add_f64(0.25);
        assert_eq!(counter.value(), 1.75);
    }

    #[test]
    fn what_would_make_it_fall_is_refused_and_counted() {
        let (registry, counter) = counter();
        for bad in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            counter.add_f64(bad);
        }
        assert_eq!(counter.value(), 0.0);
        let refused = registry.snapshot().value("kit_metrics_values_refused_total", &[("family", "jobs_total")]);
        assert_eq!(refused, Some(4.0));
    }

    #[test]
    fn threads_lose_nothing() {
        let (_, counter) = counter();
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| (0..10_000).for_each(|_| counter.inc()));
            }
        });
        assert_eq!(counter.value(), 120_000.0);
    }
}
