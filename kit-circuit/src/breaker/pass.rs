use std::sync::Arc;
use std::time::Duration;

use kit_core::{Context, Outcome};
use tokio::time::Instant;

use super::shared::{Ended, Shared};
use super::switch::Word;
use super::{State, Verdict};

/// A call that was let in. It ends once: as it is told, else when it is dropped.
///
/// It borrows its breaker, so that calls side by side write no count of references; a stream's owns it.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    shared: &'a Arc<Shared>,
    word: Word,
    began: Instant,
    deadline: Option<Instant>,
    /// The endpoint's code is running: dropped meanwhile, it has panicked.
    running: bool,
    /// There is nothing more to tell.
    told: bool,
}

impl<'a> Pass<'a> {
    #[inline]
    pub(super) fn new(shared: &'a Arc<Shared>, word: Word, cx: &mut Context) -> Self {
        // A breaker that is not there is told nothing.
        let told = word.state() == State::Disabled;
        Self { shared, word, began: cx.begin(), deadline: cx.deadline(), running: false, told }
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

    /// The call has ended so, and perhaps said when to come back.
    #[inline]
    pub(super) fn end(mut self, cx: &mut Context, outcome: Outcome, told: Option<Duration>) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let Some(verdict) = verdict(outcome) else { return self.shared.end_without_word(self.word) };
        let timed = self.shared.slow_after().is_some();
        // A success is counted by a clock that may be old: nothing hangs on it. What may open the breaker is not.
        let at = if timed || verdict == Verdict::Failed { cx.end() } else { cx.now() };
        let took = timed.then(|| at.saturating_duration_since(self.began));
        self.shared.end(self.word, Ended { verdict, at, took, told });
    }

    /// The call has answered with a stream, and ends with it. What it took is known now.
    pub(super) fn stream(mut self, cx: &mut Context) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let took = self.shared.slow_after().map(|_| cx.end().saturating_duration_since(self.began));
        let (shared, word) = (Arc::clone(self.shared), self.word);
        let tell = move |ended: &kit_core::Ended| match verdict(ended.outcome()) {
            None => shared.end_without_word(word),
            Some(verdict) => {
                let told = ended.error().and_then(|error| error.retry().after());
                // Nobody has a context any more.
                shared.end(word, Ended { verdict, at: Instant::now(), took, told });
            }
        };
        if let Some(end) = cx.stream() {
            end.attach(tell);
        }
    }

    #[cold]
    fn drop_untold(&self) {
        let at = Instant::now();
        let took = self.shared.slow_after().map(|over| (over, at.saturating_duration_since(self.began)));
        let late = self.deadline.is_some_and(|deadline| deadline <= at);
        let verdict = match took {
            _ if self.running || late => Verdict::Failed,
            Some((over, took)) if took >= over => Verdict::Abandoned,
            _ => return self.shared.end_without_word(self.word),
        };
        self.shared.end(self.word, Ended { verdict, at, took: took.map(|(_, took)| took), told: None });
    }
}

impl Drop for Pass<'_> {
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
