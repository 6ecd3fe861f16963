use std::time::Duration;

/// What a call says of the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It answered; a business error is an answer.
    Worked,
    /// It failed, took longer than its deadline, or panicked.
    Failed,
    /// Its caller gave it up after it had become slow: an attempt, and no failure. Calls given up before that are not told, nor are those
    /// that lost to another attempt.
    Abandoned,
}

/// One call that has ended, as a [`Strategy`](super::Strategy) hears of it.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    number: u64,
    at: u64,
    took: Option<Duration>,
    verdict: Verdict,
}

impl Call {
    /// The call with this number, ended this long after the breaker was made. Breakers make them, and tests of strategies.
    pub fn new(number: u64, at: Duration, verdict: Verdict) -> Self {
        Self::at_nanos(number, nanos(at), verdict)
    }

    /// The same call, which took this long.
    #[must_use]
    pub fn taking(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    #[inline]
    pub(crate) fn at_nanos(number: u64, at: u64, verdict: Verdict) -> Self {
        Self { number, at, took: None, verdict }
    }

    #[inline]
    pub(crate) fn took_if(mut self, took: Option<Duration>) -> Self {
        self.took = took;
        self
    }

    /// The breaker numbers the calls that count while it is closed from 1, in the order of their ends: of two calls the difference is
    /// how many came between, and a window needs no counter of its own for those that went well.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// How long after the breaker was made it ended. Of a call that went well this is as exact as the context's clock.
    pub fn at(&self) -> Duration {
        Duration::from_nanos(self.at)
    }

    /// How long it took, to its answer: a stream's length is not in it. Known if a strategy asks for it with
    /// [`slow_after`](super::Strategy::slow_after).
    pub fn took(&self) -> Option<Duration> {
        self.took
    }

    /// How it ended.
    #[inline]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    #[inline]
    pub(super) fn nanos(&self) -> u64 {
        self.at
    }
}

/// Whole nanoseconds; 584 years are enough.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
