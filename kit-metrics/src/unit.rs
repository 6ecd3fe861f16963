//! Units: in the type of what is observed, and in the name of the metric.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::shard::add_f64;

/// What the numbers of a family measure, told by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Seconds; names end in `_seconds`.
    Seconds,
    /// Whole milliseconds; names end in `_ms` or `_milliseconds`. Only for summaries that must keep an old name.
    Milliseconds,
    /// Bytes; names end in `_bytes`.
    Bytes,
    /// Anything else.
    None,
}

impl Unit {
    /// The unit that a name tells, `_total` apart.
    pub(crate) fn of(name: &str) -> Self {
        let name = name.strip_suffix("_total").unwrap_or(name);
        match name.rsplit('_').next() {
            Some("seconds") => Self::Seconds,
            Some("ms" | "milliseconds") => Self::Milliseconds,
            Some("bytes") => Self::Bytes,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Bytes => "bytes",
            Self::None => "",
        })
    }
}

/// What a [`Histogram`](crate::Histogram) or [`Summary`](crate::Summary) takes; one of [`Seconds`], [`Bytes`],
/// [`Number`], [`Milliseconds`].
///
/// Sealed. An observation is compared as an integer and summed as one where it can be, so that a sum over threads
/// is exact.
pub trait Measure: sealed::Sealed + fmt::Debug + Send + Sync + Sized + 'static {
    /// What is observed.
    type Value: Copy + Send + Sync + 'static;

    /// The unit that the metric's name must tell.
    const UNIT: Unit;

    /// The value as an integer that sorts as it does; `None` refuses it.
    #[doc(hidden)]
    fn key(value: Self::Value) -> Option<u64>;

    /// A bound in exposed units, such as seconds, as a key.
    #[doc(hidden)]
    fn bound(exposed: f64) -> Option<u64>;

    /// Adds an observed value to a sum; `carry` counts what did not fit.
    #[doc(hidden)]
    fn add(sum: &AtomicU64, carry: &AtomicU64, value: Self::Value, key: u64);

    /// The sum over the shards, in exposed units.
    #[doc(hidden)]
    fn sum(shards: impl Iterator<Item = u64>, carry: u64) -> f64;
}

/// A [`Measure`] whose values are whole numbers of some step, as a [`Summary`](crate::Summary) needs.
pub trait Stepped: Measure {
    /// Steps in one exposed unit.
    #[doc(hidden)]
    const STEPS: f64;

    /// The value in whole steps.
    #[doc(hidden)]
    fn steps(value: Self::Value) -> u64;
}

/// A [`Duration`] in, seconds out. Summed in whole nanoseconds.
#[derive(Clone, Copy, Debug)]
pub enum Seconds {}

/// A [`Duration`] in, whole milliseconds out, cut off and not rounded. For summaries that must keep an old name.
#[derive(Clone, Copy, Debug)]
pub enum Milliseconds {}

/// A count of bytes.
#[derive(Clone, Copy, Debug)]
pub enum Bytes {}

/// A plain number, such as a ratio or a price. NaN and the infinities are refused.
#[derive(Clone, Copy, Debug)]
pub enum Number {}

impl Measure for Seconds {
    type Value = Duration;
    const UNIT: Unit = Unit::Seconds;

    #[inline]
    fn key(value: Duration) -> Option<u64> {
        // Past 584 years it stays there.
        Some(u64::try_from(value.as_nanos()).unwrap_or(u64::MAX))
    }

    fn bound(exposed: f64) -> Option<u64> {
        whole(exposed * 1e9)
    }

    #[inline]
    fn add(sum: &AtomicU64, carry: &AtomicU64, _: Duration, key: u64) {
        add_whole(sum, carry, key);
    }

    fn sum(shards: impl Iterator<Item = u64>, carry: u64) -> f64 {
        sum_whole(shards, carry) as f64 / 1e9
    }
}

impl Stepped for Seconds {
    // Microseconds: below them lies the cost of measuring.
    const STEPS: f64 = 1e6;

    fn steps(value: Duration) -> u64 {
        u64::try_from(value.as_micros()).unwrap_or(u64::MAX)
    }
}

impl Measure for Milliseconds {
    type Value = Duration;
    const UNIT: Unit = Unit::Milliseconds;

    #[inline]
    fn key(value: Duration) -> Option<u64> {
        Some(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    fn bound(exposed: f64) -> Option<u64> {
        whole(exposed)
    }

    #[inline]
    fn add(sum: &AtomicU64, carry: &AtomicU64, _: Duration, key: u64) {
        add_whole(sum, carry, key);
    }

    fn sum(shards: impl Iterator<Item = u64>, carry: u64) -> f64 {
        sum_whole(shards, carry) as f64
    }
}

impl Stepped for Milliseconds {
    const STEPS: f64 = 1.0;

    fn steps(value: Duration) -> u64 {
        u64::try_from(value.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Measure for Bytes {
    type Value = u64;
    const UNIT: Unit = Unit::Bytes;

    #[inline]
    fn key(value: u64) -> Option<u64> {
        Some(value)
    }

    fn bound(exposed: f64) -> Option<u64> {
        whole(exposed)
    }

    #[inline]
    fn add(sum: &AtomicU64, carry: &AtomicU64, _: u64, key: u64) {
        add_whole(sum, carry, key);
    }

    fn sum(shards: impl Iterator<Item = u64>, carry: u64) -> f64 {
        sum_whole(shards, carry) as f64
    }
}

impl Stepped for Bytes {
    const STEPS: f64 = 1.0;

    fn steps(value: u64) -> u64 {
        value
    }
}

impl Measure for Number {
    type Value = f64;
    const UNIT: Unit = Unit::None;

    #[inline]
    fn key(value: f64) -> Option<u64> {
        // The usual order-keeping map: negative numbers are inverted, the others moved above them. Adding 0.0
        // makes one zero of the two.
        let bits = (value + 0.0).to_bits();
        let key = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        value.is_finite().then_some(key)
    }

    fn bound(exposed: f64) -> Option<u64> {
        Self::key(exposed)
    }

    #[inline]
    fn add(sum: &AtomicU64, _: &AtomicU64, value: f64, _: u64) {
        add_f64(sum, value);
    }

    fn sum(shards: impl Iterator<Item = u64>, _: u64) -> f64 {
        shards.map(f64::from_bits).sum()
    }
}

fn whole(value: f64) -> Option<u64> {
    (value >= 0.0 && value < u64::MAX as f64).then(|| value.round() as u64)
}

#[inline]
fn add_whole(sum: &AtomicU64, carry: &AtomicU64, n: u64) {
    let old = sum.fetch_add(n, Ordering::Relaxed);
    if old.checked_add(n).is_none() {
        carry.fetch_add(1, Ordering::Relaxed);
    }
}

fn sum_whole(shards: impl Iterator<Item = u64>, carry: u64) -> u128 {
    shards.map(u128::from).sum::<u128>() + (u128::from(carry) << 64)
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Seconds {}
    impl Sealed for super::Milliseconds {}
    impl Sealed for super::Bytes {}
    impl Sealed for super::Number {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_unit() {
        assert_eq!(Unit::of("http_request_duration_seconds"), Unit::Seconds);
        assert_eq!(Unit::of("process_cpu_seconds_total"), Unit::Seconds);
        assert_eq!(Unit::of("go_rev_proxy_requests_latency_ms"), Unit::Milliseconds);
        assert_eq!(Unit::of("body_bytes"), Unit::Bytes);
        assert_eq!(Unit::of("requests_total"), Unit::None);
        assert_eq!(Unit::of("seconds_waited"), Unit::None);
    }

    #[test]
    fn keys_of_numbers_sort_as_the_numbers_do() {
        let numbers = [f64::MIN, -1.5, -1.0, -0.1, 0.0, 1e-300, 0.1, 1.0, 1.5, f64::MAX];
        let keys: Vec<_> = numbers.iter().map(|&n| Number::key(n).unwrap()).collect();
        assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(Number::key(-0.0), Number::key(0.0));
        assert_eq!(Number::key(f64::NAN), None);
    }

    #[test]
    fn a_sum_past_the_word_is_carried() {
        let (sum, carry) = (AtomicU64::new(0), AtomicU64::new(0));
        for _ in 0..3 {
            Bytes::add(&sum, &carry, u64::MAX, u64::MAX);
        }
        let total = Bytes::sum([sum.into_inner()].into_iter(), carry.into_inner());
        assert_eq!(total, 3.0 * u64::MAX as f64);
    }
}
