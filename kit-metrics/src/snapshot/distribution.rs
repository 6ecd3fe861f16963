//! Observations as read: counts by bucket, or quantiles.

use std::sync::Arc;

/// A histogram as read: how many observations fell into each bucket since it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    bounds: Arc<[f64]>,
    counts: Vec<u64>,
    sum: f64,
}

/// A summary as read: count and sum since it was made, quantiles over its window.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    count: u64,
    sum: f64,
    values: Vec<(f64, f64)>,
}

impl Distribution {
    /// `counts` has one element more than `bounds`.
    pub(crate) fn new(bounds: Arc<[f64]>, counts: Vec<u64>, sum: f64) -> Self {
        debug_assert_eq!(counts.len(), bounds.len() + 1);
        Self { bounds, counts, sum }
    }

    /// The upper bounds of the buckets, each inclusive, rising; above the last is one bucket more.
    pub fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// How many observations fell into each bucket, not cumulated; the last is the one above every bound.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many observations.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum, in the family's unit.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// An estimate of the quantile `q` in `[0.0, 1.0]`; `None` without observations.
    ///
    /// Linear within the bucket it falls into, as Prometheus' `histogram_quantile`, so it is off by less than that
    /// bucket's width; a quantile above the last bound reads as the last bound.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = q.clamp(0.0, 1.0) * self.count() as f64;
        let mut below = 0.0;
        let full = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        for (i, &count) in full {
            let within = count as f64;
            if below + within >= rank {
                return Some(self.inside(i, (rank - below) / within));
            }
            below += within;
        }
        None
    }

    /// What was observed since an earlier read of the same histogram; all of it if that was no earlier read.
    pub fn since(&self, earlier: &Self) -> Self {
        let same =
            self.bounds == earlier.bounds && self.counts.iter().zip(&earlier.counts).all(|(now, then)| now >= then);
        if !same {
            return self.clone();
        }
        let counts = self.counts.iter().zip(&earlier.counts).map(|(now, then)| now - then).collect();
        Self { bounds: Arc::clone(&self.bounds), counts, sum: self.sum - earlier.sum }
    }

    /// The value at a share of the way through bucket `i`.
    pub(crate) fn inside(&self, i: usize, share: f64) -> f64 {
        let Some(&upper) = self.bounds.get(i) else { return self.bounds[self.bounds.len() - 1] };
        let lower = match i.checked_sub(1) {
            Some(previous) => self.bounds[previous],
            // Nothing is below zero in the first bucket, unless its bound is.
            None if upper > 0.0 => 0.0,
            None => upper,
        };
        lower + (upper - lower) * share
    }
}

impl Quantiles {
    pub(crate) fn new(count: u64, sum: f64, values: Vec<(f64, f64)>) -> Self {
        Self { count, sum, values }
    }

    /// How many observations since it was made.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, in the family's unit.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Pairs of quantile and value over the window, rising; NaN where the window is empty.
    pub fn values(&self) -> &[(f64, f64)] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(counts: [u64; 4], sum: f64) -> Distribution {
        Distribution::new([1.0, 2.0, 4.0].into(), counts.into(), sum)
    }

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let read = read([10, 0, 10, 0], 0.0);
        assert_eq!(read.quantile(0.25), Some(0.5));
        assert_eq!(read.quantile(0.5), Some(1.0));
        assert_eq!(read.quantile(0.75), Some(3.0));
        assert_eq!(read.quantile(1.0), Some(4.0));
    }

    #[test]
    fn above_the_last_bound_reads_as_that_bound_and_nothing_as_nothing() {
        assert_eq!(read([0, 0, 0, 3], 0.0).quantile(0.5), Some(4.0));
        assert_eq!(read([0; 4], 0.0).quantile(0.5), None);
    }

    #[test]
    fn a_difference_counts_what_came_between() {
        let (then, now) = (read([1, 2, 0, 0], 5.0), read([1, 5, 0, 1], 20.0));
        assert_eq!(now.since(&then), read([0, 3, 0, 1], 15.0));
        assert_eq!(then.since(&now), then);
    }
}
