use std::time::Duration;

use tokio::time::Instant;

/// A query each, once the burst is spent.
const EVERY: Duration = Duration::from_secs(1);
/// A query each, once the answer has churned for [`LONG`].
const SLOWLY: Duration = Duration::from_secs(15);
const LONG: Duration = Duration::from_secs(60);

/// When the next query may be sent: at most two at once, then one a second; one in 15 s when answers have come as fast
/// as that for a minute, until one is quiet for as long.
///
/// A change after a quiet time is followed at once, and by another: only churn is slowed down, and so is an agent that
/// does not wait when it is asked to.
///
/// # Source
/// Consul's guide to blocking queries, "Implementation Details": rate limit by "a token bucket with burst of 2", down
/// to "polling at a reasonable rate (say every 15 seconds)".
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the bucket holds two again.
    full: Option<Instant>,
    last: Option<Instant>,
    /// Since when it has not been full.
    hurried: Option<Instant>,
    slow: bool,
}

impl Pace {
    /// When the next query may be sent; none for at once.
    pub(super) fn next(&self) -> Option<Instant> {
        if self.slow { self.last.map(|last| last + SLOWLY) } else { self.full.and_then(|full| full.checked_sub(EVERY)) }
    }

    /// A query is sent.
    pub(super) fn sent(&mut self, now: Instant) {
        match self.full {
            Some(full) if now < full => {
                let since = *self.hurried.get_or_insert(now);
                self.slow |= now.saturating_duration_since(since) >= LONG;
                self.full = Some(full + EVERY);
            }
            _ => {
                self.hurried = None;
                self.full = Some(now + EVERY);
            }
        }
        self.last = Some(now);
    }

    /// It was answered, after it was told to wait for up to `wait`.
    pub(super) fn answered(&mut self, now: Instant, wait: Duration) {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) >= SLOWLY.min(wait)) {
            self.calm();
        }
    }

    /// It failed: what comes after that is not churn, and back-off slows it down.
    pub(super) fn failed(&mut self) {
        self.calm();
    }

    fn calm(&mut self) {
        (self.hurried, self.slow) = (None, false);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// When queries go out that are each answered after their time, in milliseconds from the first.
    fn sent(lasting: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let start = Instant::now() + Duration::from_secs(3_600);
        let (mut pace, mut now) = (Pace::default(), start);
        let mut times = Vec::new();
        for lasting in lasting {
            now = now.max(pace.next().unwrap_or(now));
            pace.sent(now);
            times.push((now - start).as_millis() as u64);
            now += Duration::from_millis(lasting);
            pace.answered(now, 10_000 * MS);
        }
        times
    }

    #[test]
    fn answers_that_come_at_once_are_asked_for_twice_then_once_a_second_then_each_15_s() {
        let times = sent([0; 70]);
        assert_eq!(times[..4], [0, 0, 1_000, 2_000]);
        assert_eq!(times[60..65], [59_000, 60_000, 75_000, 90_000, 105_000]);
    }

    #[test]
    fn changes_after_a_quiet_time_are_followed_at_once() {
        let times = sent([10_600, 10_600, 3_000, 0, 0, 5_000]);
        assert_eq!(times, [0, 10_600, 21_200, 24_200, 24_200, 25_200]);
    }

    #[test]
    fn changes_each_second_are_not_churn_and_a_quiet_query_ends_it() {
        assert_eq!(sent([1_000; 200]).last(), Some(&199_000));
        let mut lasting = vec![0; 62];
        lasting.extend([9_999, 10_000, 0, 0, 0]);
        let times = sent(lasting);
        let after: Vec<_> = times[61..].iter().map(|time| time - times[61]).collect();
        assert_eq!(after, [0, 15_000, 30_000, 40_000, 40_000, 41_000]);
    }

    #[test]
    fn a_failure_ends_the_slow_time_and_not_the_limit() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut now = start;
        for _ in 0..62 {
            now = now.max(pace.next().unwrap_or(now));
            pace.sent(now);
            pace.answered(now, 10_000 * MS);
        }
        assert_eq!(pace.next(), Some(now + SLOWLY));
        pace.failed();
        assert_eq!(pace.next(), Some(now + EVERY));
    }

    proptest! {
        #[test]
        fn no_second_sees_more_than_two_queries_and_no_minute_more_than_61(
            lasting in proptest::collection::vec(0u64..3_000, 1..400),
        ) {
            let times = sent(lasting);
            for (at, begin) in times.iter().enumerate() {
                let within = |span: u64| times[at..].iter().take_while(|time| *time - begin < span).count();
                prop_assert!(within(1_000) <= 2 && within(10_000) <= 11 && within(60_000) <= 61);
            }
        }
    }
}
