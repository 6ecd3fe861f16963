//! Observations counted in fixed buckets.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use crate::buckets::{keys, resolve};
use crate::error::RegisterError;
use crate::registry::cell::{Cell, Refusals};
use crate::registry::meta::Meta;
use crate::shard::{Line, SHARDS, WORDS, slot};
use crate::snapshot::{Distribution, Kind, Value};
use crate::timer::Timer;
use crate::unit::{Measure, Seconds, Unit};

/// A handle on observations counted in fixed buckets; clones feed the same counts.
///
/// An observation is a search over the bounds and two atomic additions on cache lines of the calling thread's: no
/// lock, no allocation, no clock. `U` is the unit: a [`Duration`](std::time::Duration) for [`Seconds`] (the default), `u64` for
/// [`Bytes`](crate::Bytes), `f64` for [`Number`](crate::Number). Bounds are inclusive.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let registry = kit_metrics::Registry::new();
/// let latency = registry.histogram("http_request_duration_seconds", "Time to serve").unlabelled()?;
/// latency.observe(Duration::from_millis(30));
/// assert_eq!(latency.read().sum(), 0.03);
/// # Ok(())
/// # }
/// ```
pub struct Histogram<U: Measure = Seconds>(Arc<State>, PhantomData<fn(U)>);

struct State {
    /// The upper bounds as [`Measure::key`] orders them.
    bounds: Box<[u64]>,
    exposed: Arc<[f64]>,
    /// By shard, each starting on a line of its own: the sum, then a count for each bucket.
    lines: Box<[Line]>,
    /// Words from one shard to the next.
    stride: usize,
    /// How often a shard's sum has passed its word.
    carry: AtomicU64,
    refusals: Refusals,
}

impl<U: Measure> Histogram<U> {
    /// Counts one observation.
    ///
    /// A non-finite number is refused and counted in `kit_metrics_values_refused_total`.
    #[inline]
    pub fn observe(&self, value: U::Value) {
        let state = &*self.0;
        let Some(key) = U::key(value) else { return state.refusals.count() };
        let bucket = state.bounds.partition_point(|bound| *bound < key);
        let start = slot() * state.stride;
        U::add(state.word(start), &state.carry, value, key);
        state.word(start + 1 + bucket).fetch_add(1, Ordering::Relaxed);
    }

    /// The counts so far.
    pub fn read(&self) -> Distribution {
        let state = &*self.0;
        let sums = (0..SHARDS).map(|shard| state.word(shard * state.stride).load(Ordering::Relaxed));
        let sum = U::sum(sums, state.carry.load(Ordering::Relaxed));
        let counts = (0..=state.bounds.len())
            .map(|bucket| {
                let word = |shard: usize| state.word(shard * state.stride + 1 + bucket);
                (0..SHARDS).map(|shard| word(shard).load(Ordering::Relaxed)).sum()
            })
            .collect();
        Distribution::new(Arc::clone(&state.exposed), counts, sum)
    }
}

impl Histogram<Seconds> {
    /// Counts the time from `start` to `end`, zero if they are the wrong way round: for callers that have read the
    /// clock already.
    #[inline]
    pub fn observe_at(&self, start: Instant, end: Instant) {
        self.observe(end.saturating_duration_since(start));
    }

    /// Starts a timer that counts the time until it is dropped.
    pub fn start_timer(&self) -> Timer<&Self> {
        Timer::start(self)
    }

    /// As [`start_timer`](Self::start_timer), with a timer that borrows nothing and may be moved into a task.
    pub fn start_timer_owned(&self) -> Timer<Self> {
        Timer::start(self.clone())
    }

    /// Runs `work` and counts the time it took, also when it panics.
    pub fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let _timer = self.start_timer();
        work()
    }
}

impl State {
    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        &self.lines[at / WORDS].0[at % WORDS]
    }
}

impl<U: Measure> Clone for Histogram<U> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<U: Measure> fmt::Debug for Histogram<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = self.read();
        f.debug_struct("Histogram").field("count", &read.count()).field("sum", &read.sum()).finish()
    }
}

impl<U: Measure> Cell for Histogram<U> {
    const KIND: Kind = Kind::Histogram;

    fn new(meta: &Meta, refusals: &Refusals) -> Self {
        let bounds = keys::<U>(&meta.bounds);
        // The sum, the buckets, and the one above them, rounded up to whole lines.
        let stride = (bounds.len() + 2).next_multiple_of(WORDS);
        let lines = (0..SHARDS * stride / WORDS).map(|_| Line::default()).collect();
        let state = State {
            bounds,
            exposed: Arc::clone(&meta.bounds),
            lines,
            stride,
            carry: AtomicU64::new(0),
            refusals: refusals.clone(),
        };
        Self(Arc::new(state), PhantomData)
    }

    fn unit(_: &str) -> Unit {
        U::UNIT
    }

    fn bounds(name: &str, asked: Option<&[f64]>) -> Result<Vec<f64>, RegisterError> {
        resolve::<U>(name, asked)
    }

    fn lines(bounds: usize) -> usize {
        // The buckets, the one above them, sum and count.
        bounds + 3
    }

    fn read(&self) -> Value {
        Value::Histogram(self.read())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Bytes, Number, Registry};

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_bound_is_inclusive_and_sums_are_exact() {
        let registry = Registry::new();
        let latency = registry.histogram("wait_seconds", "Waits").buckets(&[0.001, 0.1]).unlabelled().unwrap();
        for duration in [Duration::ZERO, MS, MS + Duration::from_nanos(1), 100 * MS, 101 * MS] {
            latency.observe(duration);
        }
        assert_eq!(latency.read().counts(), [2, 2, 1]);
        assert_eq!(latency.read().sum(), 0.203_000_001);
    }

    #[test]
    fn bytes_and_numbers_have_their_own_types() {
        let registry = Registry::new();
        let bytes = registry.histogram_of::<Bytes>("body_bytes", "Bodies").unlabelled().unwrap();
        bytes.observe(64);
        bytes.observe(65);
        assert_eq!(bytes.read().counts()[..2], [1, 1]);
        let ratio =
            registry.histogram_of::<Number>("change_ratio", "Changes").buckets(&[-1.0, 0.0, 1.0]).unlabelled().unwrap();
        for value in [-2.0, -1.0, -0.0, 0.0, 0.5, 3.0, f64::NAN, f64::INFINITY] {
            ratio.observe(value);
        }
        assert_eq!(ratio.read().counts(), [2, 2, 1, 1]);
        assert_eq!(ratio.read().sum(), 0.5);
    }

    #[test]
    fn many_buckets_do_not_run_into_the_next_shard() {
        let registry = Registry::new();
        for n in [1, 13, 14, 15, 30, 31, 128] {
            let bounds: Vec<f64> = (1..=n).map(f64::from).collect();
            let name = format!("size_{n}_bytes");
            let sizes = registry.histogram_of::<Bytes>(&name, "Sizes").buckets(&bounds).unlabelled().unwrap();
            std::thread::scope(|scope| {
                for _ in 0..=SHARDS {
                    scope.spawn(|| (1..=u64::from(n as u32) + 1).for_each(|size| sizes.observe(size)));
                }
            });
            let expected = vec![SHARDS as u64 + 1; n as usize + 1];
            assert_eq!(sizes.read().counts(), expected);
            let each = u64::from(n as u32 + 1) * u64::from(n as u32 + 2) / 2;
            assert_eq!(sizes.read().sum(), (each * (SHARDS as u64 + 1)) as f64);
        }
    }

    #[test]
    fn an_endless_duration_lands_above_every_bound() {
        let latency = Registry::new().histogram("wait_seconds", "Waits").unlabelled().unwrap();
        latency.observe(Duration::MAX);
        latency.observe(Duration::MAX);
        let read = latency.read();
        assert_eq!(read.counts().last(), Some(&2));
        assert_eq!(read.sum(), 2.0 * u64::MAX as f64 / 1e9);
    }
}
