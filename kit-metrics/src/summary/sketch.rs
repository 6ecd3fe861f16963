//! Counts of whole numbers in buckets that widen with the numbers.
//!
//! Sixty-four buckets for each doubling, found from the leading bits: no logarithm, no division. Numbers below 128 have
//! a bucket each; above, a bucket is a sixty-fourth of its lower end wide, and is read at its middle.
//!
//! # Source
//! Gil Tene's HdrHistogram, whose buckets are the same.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bits that tell the buckets of one doubling apart.
const BITS: u32 = 6;

/// Numbers from 2 to this power on share the last bucket.
const TOP: u32 = 40;

const BUCKETS: usize = ((TOP - BITS + 1) as usize) << BITS;

/// Counts that many threads add to.
pub(super) struct Sketch {
    counts: Box<[AtomicU32]>,
    max: AtomicU64,
}

/// The counts of several sketches.
pub(super) struct Merged {
    counts: Vec<u64>,
    max: u64,
}

impl Sketch {
    pub(super) fn add(&self, n: u64) {
        let n = n.min((1 << TOP) - 1);
        self.counts[bucket(n)].fetch_add(1, Ordering::Relaxed);
        if n > self.max.load(Ordering::Relaxed) {
            self.max.fetch_max(n, Ordering::Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
        self.max.store(0, Ordering::Relaxed);
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self { counts: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(), max: AtomicU64::new(0) }
    }
}

impl Merged {
    pub(super) fn of<'a>(sketches: impl Iterator<Item = &'a Sketch>) -> Self {
        let mut merged = Self { counts: vec![0; BUCKETS], max: 0 };
        for sketch in sketches {
            for (sum, count) in merged.counts.iter_mut().zip(&sketch.counts) {
                *sum += u64::from(count.load(Ordering::Relaxed));
            }
            merged.max = merged.max.max(sketch.max.load(Ordering::Relaxed));
        }
        merged
    }

    /// The number of the rank that `q` in `[0.0, 1.0]` asks for; `None` if there is none.
    pub(super) fn quantile(&self, q: f64) -> Option<u64> {
        let all: u64 = self.counts.iter().sum();
        let rank = ((q * all as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(middle(at).min(self.max))
    }
}

fn bucket(n: u64) -> usize {
    let top = n.max(1).ilog2();
    match top.checked_sub(BITS) {
        None => n as usize,
        Some(shift) => ((shift as usize) << BITS) + (n >> shift) as usize,
    }
}

fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    match (bucket >> BITS).checked_sub(1) {
        None | Some(0) => bucket,
        Some(shift) => {
            let low = (bucket - (shift << BITS)) << shift;
            low + (1 << (shift - 1))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_follow_one_another_without_a_gap() {
        let mut last = 0;
        for n in 0..100_000 {
            let bucket = bucket(n);
            assert!(bucket == last || bucket == last + 1, "{n}");
            last = bucket;
        }
        assert_eq!(bucket((1 << TOP) - 1), BUCKETS - 1);
    }

    #[test]
    fn small_numbers_are_exact() {
        for n in 0..128 {
            assert_eq!(middle(bucket(n)), n);
        }
    }

    proptest! {
        #[test]
        fn a_number_is_told_to_within_a_128th(n in 1_u64..1 << TOP) {
            let told = middle(bucket(n)) as f64;
            prop_assert!((told - n as f64).abs() <= n as f64 / 128.0);
        }

        #[test]
        fn a_quantile_has_the_exact_rank(mut numbers in prop::collection::vec(0_u64..1 << 30, 1..200), q in 0.0..=1.0_f64) {
            let sketch = Sketch::default();
            numbers.iter().for_each(|n| sketch.add(*n));
            numbers.sort_unstable();
            let rank = ((q * numbers.len() as f64).ceil() as usize).max(1);
            let exact = numbers[rank - 1] as f64;
            let told = Merged::of([sketch].iter()).quantile(q).unwrap() as f64;
            prop_assert!((told - exact).abs() <= exact / 128.0, "{told} for {exact}");
        }
    }
}
