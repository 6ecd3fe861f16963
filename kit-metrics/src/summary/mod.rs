//! Observations with quantiles over a sliding window.
//!
//! A [`Histogram`](crate::Histogram) is the better choice wherever it will do: its buckets add up over processes and
//! its observations cost a third. A summary serves a metric that must keep an old shape, or a reader that cannot
//! compute quantiles itself.

mod sketch;

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::RegisterError;
use crate::registry::cell::{Cell, Refusals};
use crate::registry::meta::Meta;
use crate::shard::{Padded, SHARDS, slot};
use crate::snapshot::{Kind, Quantiles, Value};
use crate::summary::sketch::{Merged, Sketch};
use crate::unit::{Seconds, Stepped, Unit};

/// Default quantiles of a summary: the median and the two tails that dashboards ask for.
pub const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// Default window of a summary's quantiles, ten minutes, as in Prometheus' own clients.
pub const WINDOW: Duration = Duration::from_secs(600);

/// Parts that the window moves by.
const SLICES: usize = 5;

/// A handle on observations with quantiles over a sliding window; clones feed the same numbers.
///
/// Count and sum are of everything since the start. The quantiles are of a window that moves by fifths: of the last
/// eight to ten minutes by default. A quantile is an observed value's, of exact rank, told to within 0.8 % (whole
/// steps of the unit below 128 are exact); steps are microseconds for [`Seconds`], and values past 2⁴⁰ steps read as
/// that.
///
/// An observation reads the clock, takes no lock but when a fifth of the window ends, and allocates nothing. A label
/// set holds 46 KiB, so a family keeps 50 by default.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let registry = kit_metrics::Registry::new();
/// let latency = registry.summary("query_duration_seconds", "Time of a query").unlabelled()?;
/// (1..=100).for_each(|ms| latency.observe(Duration::from_millis(ms)));
/// let (_, median) = latency.read().values()[0];
/// assert!((median - 0.05).abs() < 0.05 * 0.008);
/// # Ok(())
/// # }
/// ```
pub struct Summary<U: Stepped = Seconds>(Arc<State>, PhantomData<fn(U)>);

struct State {
    totals: [Padded<Total>; SHARDS],
    carry: AtomicU64,
    quantiles: Arc<[f64]>,
    start: Instant,
    slice: Duration,
    slices: [Slice; SLICES],
    /// Held while a slice is emptied for its next turn.
    turning: Mutex<()>,
}

#[derive(Default)]
struct Total {
    count: AtomicU64,
    sum: AtomicU64,
}

#[derive(Default)]
struct Slice {
    /// The number of the turn it holds, from 1; 0 before its first.
    turn: AtomicU64,
    sketch: Sketch,
}

impl<U: Stepped> Summary<U> {
    /// Counts one observation, made now by tokio's clock.
    pub fn observe(&self, value: U::Value) {
        self.observe_at(value, Instant::now());
    }

    /// Counts one observation, for callers that have read the clock already.
    pub fn observe_at(&self, value: U::Value, now: Instant) {
        let state = &*self.0;
        let Some(key) = U::key(value) else { return };
        let Padded(total) = &state.totals[slot()];
        U::add(&total.sum, &state.carry, value, key);
        total.count.fetch_add(1, Ordering::Relaxed);
        if let Some(slice) = state.slice_at(state.turn_at(now)) {
            slice.sketch.add(U::steps(value));
        }
    }

    /// Count and sum so far, and the quantiles of the window that ends now.
    pub fn read(&self) -> Quantiles {
        self.read_at(Instant::now())
    }

    /// As [`read`](Self::read), of the window that ends at a given time.
    pub fn read_at(&self, now: Instant) -> Quantiles {
        let state = &*self.0;
        let sums = state.totals.iter().map(|total| total.0.sum.load(Ordering::Relaxed));
        let sum = U::sum(sums, state.carry.load(Ordering::Relaxed));
        let count = state.totals.iter().map(|total| total.0.count.load(Ordering::Relaxed)).sum();
        let now = state.turn_at(now);
        let live = state.slices.iter().filter(|slice| {
            let turn = slice.turn.load(Ordering::Acquire);
            turn != 0 && turn <= now && turn + SLICES as u64 > now
        });
        let merged = Merged::of(live.map(|slice| &slice.sketch));
        let exposed = |q| merged.quantile(q).map_or(f64::NAN, |steps| steps as f64 / U::STEPS);
        Quantiles::new(count, sum, state.quantiles.iter().map(|&q| (q, exposed(q))).collect())
    }
}

impl State {
    fn turn_at(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.start).as_nanos() / self.slice.as_nanos();
        u64::try_from(passed).unwrap_or(u64::MAX - 1) + 1
    }

    /// The slice of a turn, emptied if it held an earlier one; `None` if a later one has taken its place.
    fn slice_at(&self, turn: u64) -> Option<&Slice> {
        let slice = &self.slices[(turn % SLICES as u64) as usize];
        if slice.turn.load(Ordering::Acquire) != turn {
            let _turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
            let held = slice.turn.load(Ordering::Acquire);
            if held > turn {
                return None;
            }
            if held < turn {
                slice.sketch.clear();
                slice.turn.store(turn, Ordering::Release);
            }
        }
        Some(slice)
    }
}

impl<U: Stepped> Clone for Summary<U> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<U: Stepped> fmt::Debug for Summary<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = self.read();
        f.debug_struct("Summary").field("count", &read.count()).field("sum", &read.sum()).finish()
    }
}

impl<U: Stepped> Cell for Summary<U> {
    const KIND: Kind = Kind::Summary;

    fn new(meta: &Meta, _: &Refusals) -> Self {
        let state = State {
            totals: Default::default(),
            carry: AtomicU64::new(0),
            quantiles: Arc::clone(&meta.bounds),
            start: Instant::now(),
            slice: meta.window / SLICES as u32,
            slices: Default::default(),
            turning: Mutex::new(()),
        };
        Self(Arc::new(state), PhantomData)
    }

    fn unit(_: &str) -> Unit {
        U::UNIT
    }

    fn bounds(name: &str, asked: Option<&[f64]>) -> Result<Vec<f64>, RegisterError> {
        let quantiles = asked.unwrap_or(&QUANTILES);
        let within = quantiles.iter().all(|q| (0.0..=1.0).contains(q));
        if quantiles.is_empty() || !within || quantiles.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(RegisterError::Quantiles { name: name.into() });
        }
        Ok(quantiles.to_vec())
    }

    fn window(name: &str, asked: Option<Duration>) -> Result<Duration, RegisterError> {
        match asked.unwrap_or(WINDOW) {
            window if window < Duration::from_secs(1) => Err(RegisterError::Window { name: name.into() }),
            window => Ok(window),
        }
    }

    fn lines(_: usize) -> usize {
        // Five or so in a scrape; what is scarce is memory. 2,000 lines by 40 are 50 label sets.
        40
    }

    fn read(&self) -> Value {
        Value::Summary(self.read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Milliseconds, Registry};

    const MINUTE: Duration = Duration::from_secs(60);

    fn values(read: &Quantiles) -> Vec<f64> {
        read.values().iter().map(|(_, value)| *value).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_quantiles_forget_what_has_left_the_window_and_the_sum_does_not() {
        let summary = Registry::new().summary_of::<Milliseconds>("latency_ms", "Latency").unlabelled().unwrap();
        summary.observe(Duration::from_millis(100));
        tokio::time::advance(7 * MINUTE).await;
        summary.observe(Duration::from_millis(7));
        assert_eq!(values(&summary.read()), [7.0, 100.0, 100.0]);
        tokio::time::advance(4 * MINUTE).await;
        assert_eq!(values(&summary.read()), [7.0; 3]);
        tokio::time::advance(60 * MINUTE).await;
        assert!(values(&summary.read()).iter().all(|value| value.is_nan()));
        summary.observe(Duration::from_millis(9));
        assert_eq!(values(&summary.read()), [9.0; 3]);
        assert_eq!((summary.read().count(), summary.read().sum()), (3, 116.0));
    }

    #[tokio::test(start_paused = true)]
    async fn milliseconds_are_whole_and_cut_off() {
        // A published sample of the old metric: six requests, sum 303, quantiles 1, 300, 300.
        let summary = Registry::new().summary_of::<Milliseconds>("latency_ms", "Latency").unlabelled().unwrap();
        for micros in [900, 1_100, 1_000, 1_999, 300_700, 800] {
            summary.observe(Duration::from_micros(micros));
        }
        let read = summary.read();
        assert_eq!((read.count(), read.sum()), (6, 303.0));
        assert_eq!(values(&read), [1.0, 300.0, 300.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_observation_that_arrives_a_window_late_counts_in_the_sum_only() {
        let summary = Registry::new().summary("wait_seconds", "Waits").unlabelled().unwrap();
        let start = Instant::now();
        let late = start + 20 * MINUTE;
        summary.observe_at(MINUTE, late);
        summary.observe_at(Duration::from_secs(1), start);
        assert_eq!(values(&summary.read_at(late)), [60.0; 3]);
        assert_eq!(summary.read_at(late).count(), 2);
    }

    #[test]
    fn threads_lose_nothing() {
        let summary = Registry::new().summary("wait_seconds", "Waits").unlabelled().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (1..=1000).for_each(|us| summary.observe(Duration::from_micros(us))));
            }
        });
        let read = summary.read();
        assert_eq!((read.count(), read.sum()), (4000, 4.0 * 0.5005));
        assert!((values(&read)[0] - 0.0005).abs() < 0.0005 * 0.008);
    }

    #[test]
    fn quantiles_and_windows_that_make_no_sense_are_refused() {
        let registry = Registry::new();
        let summary = || registry.summary("wait_seconds", "Waits");
        for quantiles in [&[][..], &[1.5], &[0.9, 0.5], &[f64::NAN]] {
            let refused = summary().quantiles(quantiles).unlabelled();
            assert!(matches!(refused, Err(RegisterError::Quantiles { .. })), "{quantiles:?}");
        }
        assert!(matches!(summary().window(Duration::ZERO).unlabelled(), Err(RegisterError::Window { .. })));
    }
}
