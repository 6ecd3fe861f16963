use std::sync::atomic::{AtomicU64, Ordering};

const BUCKETS: u64 = 10;
const FIELD: u32 = 20;
const MOST: u64 = (1 << FIELD) - 1;

/// Calls and failures of the last while, in ten buckets. A bucket is one word: the tick it counts, its calls, its failures; past a
/// million a tick it counts no further.
#[derive(Debug, Default)]
pub(super) struct Window([AtomicU64; BUCKETS as usize]);

impl Window {
    /// The width of a bucket.
    pub(super) fn width(window_nanos: u64) -> u64 {
        window_nanos / BUCKETS
    }

    pub(super) fn record(&self, tick: u64, failed: bool) {
        let bucket = &self.0[(tick % BUCKETS) as usize];
        let word = bucket.load(Ordering::Relaxed);
        let next = |word: u64| {
            let (of, calls, failures) = parts(word);
            let (calls, failures) = if of == stamp(tick) { (calls, failures) } else { (0, 0) };
            (calls < MOST).then(|| pack(tick, calls + 1, failures + u64::from(failed)))
        };
        let mut seen = word;
        while let Some(new) = next(seen) {
            match bucket.compare_exchange_weak(seen, new, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Failures and calls in the window that ends with this tick.
    pub(super) fn seen(&self, tick: u64) -> (u64, u64) {
        let ticks = (tick + 1).saturating_sub(BUCKETS)..=tick;
        ticks.fold((0, 0), |(failed, all), tick| {
            let (of, calls, failures) = parts(self.0[(tick % BUCKETS) as usize].load(Ordering::Relaxed));
            if of == stamp(tick) { (failed + failures, all + calls) } else { (failed, all) }
        })
    }

    pub(super) fn clear(&self) {
        for bucket in &self.0 {
            bucket.store(0, Ordering::Relaxed);
        }
    }
}

fn stamp(tick: u64) -> u64 {
    tick & ((1 << (64 - 2 * FIELD)) - 1)
}

fn pack(tick: u64, calls: u64, failures: u64) -> u64 {
    stamp(tick) << (2 * FIELD) | calls << FIELD | failures
}

fn parts(word: u64) -> (u64, u64, u64) {
    (word >> (2 * FIELD), word >> FIELD & MOST, word & MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_forgets_what_is_ten_ticks_old() {
        let window = Window::default();
        for tick in 100..112 {
            window.record(tick, tick % 2 == 0);
        }
        assert_eq!(window.seen(111), (5, 10));
        assert_eq!(window.seen(120), (0, 1));
        assert_eq!(window.seen(200), (0, 0));
        window.record(121, true);
        assert_eq!(window.seen(121), (1, 1));
        window.clear();
        assert_eq!(window.seen(121), (0, 0));
    }

    #[test]
    fn a_full_bucket_counts_no_further() {
        let window = Window::default();
        window.0[3].store(pack(3, MOST, 7), Ordering::Relaxed);
        window.record(3, true);
        assert_eq!(window.seen(3), (7, MOST));
    }
}
