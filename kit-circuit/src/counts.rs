//! What went through a layer, in numbers that add up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kit_core::{Context, Error, Outcome, StreamEnd};

use crate::shards::Shards;

/// What a layer has seen since it was made: `offered = admitted + refused`, and `admitted = ok + failed + cancelled` once
/// nothing is [`running`](Self::running).
///
/// A reading taken while calls run is of no single instant, but never counts an end without its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls that were let through.
    pub admitted: u64,
    /// Calls that were not: turned away here, or gone while they waited here.
    pub refused: u64,
    /// Those admitted that were answered: a success, or a business error.
    pub ok: u64,
    /// Those admitted that failed: a backend error, a time-out, a panic.
    pub failed: u64,
    /// Those admitted that ended with no word on the backend: abandoned by their caller, or refused by a layer further in.
    pub cancelled: u64,
}

impl Counts {
    /// Calls that came.
    pub fn offered(&self) -> u64 {
        self.admitted + self.refused
    }

    /// Calls admitted that have not ended, the streams they answered with included.
    pub fn running(&self) -> u64 {
        self.admitted.saturating_sub(self.ok + self.failed + self.cancelled)
    }
}

/// Where a layer counts, each thread mostly on a line of its own. Shared, since a call that answers with a stream ends after its future.
#[derive(Debug, Default)]
pub(crate) struct Counters(Shards<Shard>);

#[derive(Debug, Default)]
struct Shard {
    admitted: AtomicU64,
    refused: AtomicU64,
    ok: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
}

impl Counters {
    pub(crate) fn refuse(&self) {
        self.0.mine().refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call in. It must be told its end.
    #[inline]
    pub(crate) fn admit(self: &Arc<Self>) -> Admitted<'_> {
        let shard = self.0.mine();
        shard.admitted.fetch_add(1, Ordering::Relaxed);
        Admitted { counters: self, shard, told: false }
    }

    pub(crate) fn read(&self) -> Counts {
        let sum = |of: fn(&Shard) -> &AtomicU64| self.0.iter().map(|shard| of(shard).load(Ordering::Acquire)).sum();
        // All ends before any beginning: a stream may end on another thread than its call began on.
        let (ok, failed, cancelled) =
            (sum(|shard| &shard.ok), sum(|shard| &shard.failed), sum(|shard| &shard.cancelled));
        Counts { admitted: sum(|shard| &shard.admitted), refused: sum(|shard| &shard.refused), ok, failed, cancelled }
    }
}

impl Shard {
    #[inline]
    fn end(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Success | Outcome::BusinessError => &self.ok,
            Outcome::BackendError | Outcome::TimedOut => &self.failed,
            Outcome::Cancelled | Outcome::Rejected => &self.cancelled,
        };
        // Whoever reads this end reads its beginning too.
        counter.fetch_add(1, Ordering::Release);
    }
}

/// A call that was let through. It ends once: as it is told, or, dropped before that, as cancelled; in a panic as failed.
#[derive(Debug)]
#[must_use = "dropped, it counts as cancelled"]
pub(crate) struct Admitted<'a> {
    counters: &'a Arc<Counters>,
    shard: &'a Shard,
    told: bool,
}

impl Admitted<'_> {
    /// The call has returned `result`. If that is a stream, the call goes on to the stream's end, and `holds` (a permit, a
    /// guard) with it; otherwise both end here.
    #[inline]
    pub(crate) fn close<R, H: Send + 'static>(self, cx: &Context, result: &Result<R, Error>, holds: H) {
        match cx.stream() {
            Some(end) if result.is_ok() => self.end_with(end, holds),
            _ => self.end(cx.outcome_of(result)),
        }
    }

    #[cold]
    fn end_with<H: Send + 'static>(self, end: &StreamEnd, holds: H) {
        let counters = Arc::clone(self.counters);
        self.forget();
        end.attach(move |ended| {
            counters.0.mine().end(ended.outcome());
            drop(holds);
        });
    }

    /// The call ended so.
    #[inline]
    pub(crate) fn end(self, outcome: Outcome) {
        self.shard.end(outcome);
        self.forget();
    }

    fn forget(mut self) {
        self.told = true;
    }
}

impl Drop for Admitted<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.told {
            let panicked = std::thread::panicking();
            self.shard.end(if panicked { Outcome::BackendError } else { Outcome::Cancelled });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};
    use kit_core::Streaming;

    use super::*;

    fn counts(counters: &Counters) -> [u64; 5] {
        let counts = counters.read();
        [counts.admitted, counts.refused, counts.ok, counts.failed, counts.cancelled]
    }

    #[test]
    fn each_outcome_ends_in_one_count() {
        let counters = Arc::new(Counters::default());
        for outcome in Outcome::ALL {
            counters.admit().end(outcome);
        }
        counters.refuse();
        assert_eq!(counts(&counters), [6, 1, 2, 2, 2]);
        assert_eq!((counters.read().offered(), counters.read().running()), (7, 0));
    }

    #[test]
    fn a_call_that_is_dropped_is_cancelled_and_one_that_panics_has_failed() {
        let counters = Arc::new(Counters::default());
        drop(counters.admit());
        assert_eq!(counts(&counters), [1, 0, 0, 0, 1]);
        let panicking = Arc::clone(&counters);
        std::thread::spawn(move || {
            let _call = panicking.admit();
            panic!("on purpose");
        })
        .join()
        .unwrap_err();
        assert_eq!(counts(&counters), [2, 0, 0, 1, 1]);
    }

    #[tokio::test]
    async fn a_stream_is_running_to_its_end_and_holds_what_its_call_held() {
        let (counters, held) = (Arc::new(Counters::default()), Arc::new(()));
        let mut cx = Context::new();
        let mut answer = Ok(Streaming::new(&mut cx, stream::iter([Ok(1)])));
        counters.admit().close(&cx, &answer, Arc::clone(&held));
        assert_eq!((counters.read().running(), Arc::strong_count(&held)), (1, 2));
        assert_eq!(answer.as_mut().map(|numbers| numbers.count()).expect("a stream").await, 1);
        assert_eq!((counts(&counters), Arc::strong_count(&held)), ([1, 0, 1, 0, 0], 1));
    }

    #[test]
    fn an_error_ends_a_call_whatever_an_earlier_try_announced() {
        let (counters, mut cx) = (Arc::new(Counters::default()), Context::new());
        let _stream = Streaming::new(&mut cx, stream::empty::<Result<u32, Error>>());
        counters.admit().close(&cx, &Err::<(), _>(Error::unavailable("down")), ());
        assert_eq!(counts(&counters), [1, 0, 0, 1, 0]);
    }
}
