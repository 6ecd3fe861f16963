//! The time until a guard is dropped.

use std::borrow::Borrow;
use std::time::Duration;

use tokio::time::Instant;

use crate::histogram::Histogram;

/// Counts the time since it was made into a histogram when it is dropped, whatever ended the work: completion, an
/// early return, a panic, a cancelled future.
///
/// Reads tokio's clock, so that a paused one moves it; outside a runtime that is the system's monotonic clock.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let registry = kit_metrics::Registry::new();
/// let latency = registry.histogram("query_duration_seconds", "Time of a query").unlabelled()?;
/// {
///     let _timer = latency.start_timer();
///     // the work
/// }
/// assert_eq!(latency.read().count(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping it counts the time at once"]
pub struct Timer<H: Borrow<Histogram> = Histogram> {
    histogram: H,
    start: Instant,
    armed: bool,
}

impl<H: Borrow<Histogram>> Timer<H> {
    /// Starts now.
    pub fn start(histogram: H) -> Self {
        Self::start_at(histogram, Instant::now())
    }

    /// Starts at a time that the caller has read.
    pub fn start_at(histogram: H, start: Instant) -> Self {
        Self { histogram, start, armed: true }
    }

    /// Counts the time until now, and answers it.
    pub fn stop(self) -> Duration {
        self.stop_at(Instant::now())
    }

    /// Counts the time until `end`, zero if that is before the start, and answers it.
    pub fn stop_at(mut self, end: Instant) -> Duration {
        self.armed = false;
        let taken = end.saturating_duration_since(self.start);
        self.histogram.borrow().observe(taken);
        taken
    }

    /// Counts nothing.
    pub fn discard(mut self) {
        self.armed = false;
    }
}

impl<H: Borrow<Histogram>> Drop for Timer<H> {
    fn drop(&mut self) {
        if self.armed {
            self.histogram.borrow().observe_at(self.start, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;

    const SECOND: Duration = Duration::from_secs(1);

    fn histogram() -> Histogram {
        Registry::new().histogram("work_seconds", "Work").unlabelled().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn counts_until_dropped_by_the_clock_of_the_runtime() {
        let histogram = histogram();
        let timer = histogram.start_timer();
        tokio::time::advance(3 * SECOND).await;
        drop(timer);
        assert_eq!(histogram.read().sum(), 3.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_timer_counts_once_and_a_discarded_one_never() {
        let histogram = histogram();
        let (stopped, discarded) = (histogram.start_timer_owned(), histogram.start_timer());
        tokio::time::advance(SECOND).await;
        assert_eq!(stopped.stop(), SECOND);
        discarded.discard();
        assert_eq!((histogram.read().count(), histogram.read().sum()), (1, 1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_future_is_counted() {
        let histogram = histogram();
        let timer = histogram.start_timer_owned();
        let work = async move {
            let _timer = timer;
            std::future::pending::<()>().await;
        };
        assert!(tokio::time::timeout(2 * SECOND, work).await.is_err());
        assert_eq!(histogram.read().sum(), 2.0);
    }

    #[test]
    fn an_end_before_the_start_counts_as_no_time() {
        let (histogram, now) = (histogram(), Instant::now());
        assert_eq!(Timer::start_at(&histogram, now + SECOND).stop_at(now), Duration::ZERO);
        histogram.observe_at(now + SECOND, now);
        assert_eq!((histogram.read().count(), histogram.read().sum()), (2, 0.0));
    }

    #[test]
    fn work_that_panics_is_counted() {
        let histogram = histogram();
        let work = std::panic::AssertUnwindSafe(|| histogram.time(|| std::panic::resume_unwind(Box::new(()))));
        assert!(std::panic::catch_unwind(work).is_err());
        assert_eq!(histogram.read().count(), 1);
    }
}
