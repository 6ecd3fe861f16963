use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Buckets of a sixteenth of a power of two, in microseconds: the first 32 are exact, the last begins at 2^27 µs, two minutes.
const SUB: usize = 16;
const BUCKETS: usize = SUB * 24;

/// How often the percentile is worked out anew, in calls.
const EVERY: u64 = 32;

/// Fewer say too little of a 95th percentile: five of them lie above it.
const KNOWN: u64 = 100;

/// When so many are counted, each count is halved: the estimate is of the last one or two thousand calls.
const MOST: u64 = 2_048;

/// How long calls take, and a percentile of that. Nobody waits for anybody: a call adds to two counters, and every
/// thirty-second one works the percentile out.
#[derive(Debug)]
pub(super) struct Latencies {
    buckets: [AtomicU32; BUCKETS],
    recorded: AtomicU64,
    /// In nanoseconds; 0 as long as it is not known.
    percentile: AtomicU64,
}

impl Latencies {
    /// Counts a call that took so long; `percent` is what is asked for now.
    pub(super) fn record(&self, took: Duration, percent: f64) {
        self.buckets[bucket(took)].fetch_add(1, Ordering::Relaxed);
        let recorded = self.recorded.fetch_add(1, Ordering::Relaxed) + 1;
        if recorded.is_multiple_of(EVERY) || recorded == KNOWN {
            self.work_out(percent);
        }
    }

    /// The percentile, once it is known.
    pub(super) fn percentile(&self) -> Option<Duration> {
        match self.percentile.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    #[cold]
    fn work_out(&self, percent: f64) {
        let counts: [u64; BUCKETS] = std::array::from_fn(|n| self.buckets[n].load(Ordering::Relaxed).into());
        let total: u64 = counts.iter().sum();
        if total < KNOWN {
            return;
        }
        let rank = (total as f64 * percent / 100.0).ceil() as u64;
        let mut below = 0;
        let at = counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        let edge = upper_edge(at.unwrap_or(BUCKETS - 1));
        self.percentile.store(u64::try_from(edge.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        if total >= MOST {
            for (bucket, count) in self.buckets.iter().zip(counts) {
                // What was added in between stays; if two do this at once, half and half again is still not less than nothing.
                bucket.fetch_sub((count / 2) as u32, Ordering::Relaxed);
            }
        }
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU32::new(0)),
            recorded: AtomicU64::new(0),
            percentile: AtomicU64::new(0),
        }
    }
}

fn bucket(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if micros < 2 * SUB as u64 {
        return micros as usize;
    }
    // The leading one of `micros` is at 5 or above; the four bits after it choose the sixteenth.
    let power = micros.ilog2() as usize;
    let sixteenth = (micros >> (power - 4)) as usize - SUB;
    ((power - 3) * SUB + sixteenth).min(BUCKETS - 1)
}

/// The end of a bucket: whoever took that long is in the next.
fn upper_edge(bucket: usize) -> Duration {
    let next = bucket + 1;
    let micros = match next / SUB {
        0 | 1 => next as u64,
        octave => ((SUB + next % SUB) as u64) << (octave - 1),
    };
    Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bucket_ends_where_the_next_begins() {
        for n in 0..BUCKETS - 1 {
            let edge = upper_edge(n);
            assert_eq!(bucket(edge), n + 1, "{edge:?}");
            assert_eq!(bucket(edge - Duration::from_nanos(1)), n, "{edge:?}");
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
        assert!(upper_edge(BUCKETS - 1) > Duration::from_secs(120));
    }

    #[test]
    fn nothing_is_known_of_fewer_than_a_hundred() {
        let latencies = Latencies::default();
        for n in 1..=100 {
            assert_eq!(latencies.percentile(), None);
            latencies.record(Duration::from_millis(n), 95.0);
        }
        let known = latencies.percentile().expect("known");
        assert!(known >= Duration::from_millis(95) && known <= Duration::from_millis(101), "{known:?}");
    }

    #[test]
    fn it_follows_when_calls_become_slower_and_faster() {
        let latencies = Latencies::default();
        for (took, calls) in [(10, 1_000), (100, 3_000), (10, 40_000)] {
            let took = Duration::from_millis(took);
            for _ in 0..calls {
                latencies.record(took, 95.0);
            }
            let known = latencies.percentile().expect("known");
            assert!(known > took && known <= took * 17 / 16, "{known:?} of {took:?}");
        }
    }

    #[test]
    fn threads_lose_nothing_to_one_another() {
        let latencies = Latencies::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (1..=1_000).for_each(|ms| latencies.record(Duration::from_millis(ms), 95.0)));
            }
        });
        assert_eq!(latencies.recorded.load(Ordering::Relaxed), 4_000);
        assert!(latencies.percentile().is_some());
    }

    proptest! {
        #[test]
        fn it_is_the_percentile_to_a_sixteenth(
            mut took in proptest::collection::vec(0..100_000_000u64, 128..=128), percent in 50.0..99.9f64,
        ) {
            let latencies = Latencies::default();
            for &micros in &took {
                latencies.record(Duration::from_micros(micros), percent);
            }
            took.sort_unstable();
            let exact = took[(128.0 * percent / 100.0).ceil() as usize - 1];
            let known = latencies.percentile().expect("known").as_micros() as u64;
            prop_assert!(known > exact && known <= exact + exact / 16 + 1, "{} of {}", known, exact);
        }
    }
}
