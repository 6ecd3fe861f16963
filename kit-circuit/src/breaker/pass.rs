use std::sync::Arc;
use std::time::Duration;

use kit_core::{Context, Error, Outcome, copies};
use tokio::time::Instant;

use super::Verdict;

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) verdict: Verdict,
    pub(super) at: Instant,
    pub(super) took: Option<Duration>,
    /// When to come back, in the backend's words.
    pub(super) told: Option<Duration>,
}

/// Who is told how calls end: a breaker, a throttle.
pub(super) trait Ends: Send + Sync + 'static {
    /// What it needs to know of a call again.
    type Ticket: Copy + Send + 'static;

    /// Whether the call with this ticket is told.
    fn counts(ticket: Self::Ticket) -> bool;

    /// From when on a call is slow, if anybody asks.
    fn slow_after(&self) -> Option<Duration>;

    /// Whether anybody asks how long calls take, or wants to hear more of one that worked than that it did.
    fn asks_more(&self) -> bool;

    /// A call of which nobody asks more was answered: nearly every call, so it is told with no more than is needed.
    fn worked(&self, ticket: Self::Ticket, at: Instant);

    /// A call that said something of the backend has ended.
    fn end(&self, ticket: Self::Ticket, ended: Ended);

    /// A call has ended that says nothing of the backend.
    fn end_without_word(&self, ticket: Self::Ticket);
}

/// A call that was let in. It ends once: as it is told, else when it is dropped.
///
/// It borrows whom it tells, so that calls side by side write no count of references; a stream's owns it.
#[derive(Debug)]
pub(super) struct Pass<'a, S: Ends> {
    shared: &'a Arc<S>,
    ticket: S::Ticket,
    began: Instant,
    deadline: Option<Instant>,
    /// The endpoint's code is running: dropped meanwhile, it has panicked.
    running: bool,
    /// There is nothing more to tell.
    told: bool,
}

impl<'a, S: Ends> Pass<'a, S> {
    #[inline]
    pub(super) fn new(shared: &'a Arc<S>, ticket: S::Ticket, cx: &mut Context) -> Self {
        let told = !S::counts(ticket);
        Self { shared, ticket, began: cx.begin(), deadline: cx.deadline(), running: false, told }
    }

    /// Runs the endpoint's code. `std::thread::panicking` would not do: it is true as well for a call that is dropped because
    /// its neighbour in a `join!` panicked.
    #[inline]
    pub(super) fn run<R>(&mut self, code: impl FnOnce() -> R) -> R {
        self.running = true;
        let result = code();
        self.running = false;
        result
    }

    /// The call has returned `result`, which is `outcome`. It stays where it is: moving it would cost as much as counting it.
    #[inline]
    pub(super) fn close<R>(&mut self, cx: &mut Context, outcome: Outcome, result: &Result<R, Error>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let plain = matches!(outcome, Outcome::Success | Outcome::BusinessError) && cx.stream().is_none();
        if plain && !self.shared.asks_more() {
            // Counted by a clock that may be old: nothing hangs on it.
            return self.shared.worked(self.ticket, cx.now());
        }
        // A stream that already is a failure, as the body of a status 500, ends here.
        if result.is_ok() && !outcome.is_failure() && cx.stream().is_some() {
            self.stream(cx);
        } else {
            self.end(cx, outcome, result.as_ref().err());
        }
    }

    #[cold]
    fn end(&self, cx: &mut Context, outcome: Outcome, error: Option<&Error>) {
        let Some(verdict) = verdict(outcome) else { return self.shared.end_without_word(self.ticket) };
        let timed = self.shared.slow_after().is_some();
        let at = if timed || verdict == Verdict::Failed { cx.end() } else { cx.now() };
        let took = timed.then(|| at.saturating_duration_since(self.began));
        self.shared.end(self.ticket, Ended { verdict, at, took, told: error.and_then(told) });
    }

    /// The call has answered with a stream, and ends with it. What it took is known now.
    #[cold]
    fn stream(&self, cx: &mut Context) {
        let took = self.shared.slow_after().map(|_| cx.end().saturating_duration_since(self.began));
        let (shared, ticket) = (Arc::clone(self.shared), self.ticket);
        let tell = move |ended: &kit_core::Ended| match verdict(ended.outcome()) {
            None => shared.end_without_word(ticket),
            Some(verdict) => {
                let told = ended.error().and_then(told);
                // Nobody has a context any more.
                shared.end(ticket, Ended { verdict, at: Instant::now(), took, told });
            }
        };
        if let Some(end) = cx.stream() {
            end.attach(tell);
        }
    }

    #[cold]
    fn drop_untold(&self) {
        if copies::has_lost() {
            return self.shared.end_without_word(self.ticket);
        }
        let at = Instant::now();
        let took = self.shared.slow_after().map(|over| (over, at.saturating_duration_since(self.began)));
        let late = self.deadline.is_some_and(|deadline| deadline <= at);
        let verdict = match took {
            _ if self.running || late => Verdict::Failed,
            Some((over, took)) if took >= over => Verdict::Abandoned,
            _ => return self.shared.end_without_word(self.ticket),
        };
        self.shared.end(self.ticket, Ended { verdict, at, took: took.map(|(_, took)| took), told: None });
    }
}

impl<S: Ends> Drop for Pass<'_, S> {
    #[inline]
    fn drop(&mut self) {
        if !self.told {
            self.drop_untold();
        }
    }
}

/// What an outcome says of the backend, if it says anything.
#[inline]
fn verdict(outcome: Outcome) -> Option<Verdict> {
    match outcome {
        Outcome::Success | Outcome::BusinessError => Some(Verdict::Worked),
        Outcome::BackendError | Outcome::TimedOut => Some(Verdict::Failed),
        Outcome::Rejected | Outcome::Cancelled => None,
    }
}

fn told(error: &Error) -> Option<Duration> {
    error.retry().after()
}
