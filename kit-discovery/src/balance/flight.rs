use std::sync::Arc;
use std::time::Duration;

use kit_core::{Context, Error, Outcome};
use tokio::time::Instant;

use super::candidate::Candidate;

/// A call in flight at an instance. Dropped, it ends as it seems.
pub(crate) struct Flight {
    candidate: Arc<Candidate>,
    begun: Instant,
    deadline: Option<Instant>,
    told: bool,
}

impl Flight {
    /// Of a call that goes there now. `None` if the instance has left the set since it was picked.
    #[inline]
    pub(super) fn begin(candidate: &Arc<Candidate>, cx: &Context) -> Option<Self> {
        candidate.begin().then(|| Self {
            candidate: Arc::clone(candidate),
            begun: cx.now(),
            deadline: cx.deadline(),
            told: false,
        })
    }

    pub(crate) fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    #[inline]
    pub(super) fn end(self, outcome: Outcome, now: Instant) {
        let lasted = now.saturating_duration_since(self.begun);
        self.tell(outcome, lasted, lasted, now);
    }

    /// The call has returned; a stream goes on to its own end.
    #[inline]
    pub(crate) fn close<R>(self, cx: &mut Context, result: &Result<R, Error>) {
        let now = cx.end();
        match cx.stream() {
            Some(end) if result.is_ok() => {
                let took = now.saturating_duration_since(self.begun);
                end.attach(move |ended| {
                    let now = Instant::now();
                    let lasted = now.saturating_duration_since(self.begun);
                    self.tell(ended.outcome(), lasted, took, now);
                });
            }
            _ => {
                let outcome = cx.outcome_of(result);
                if outcome == Outcome::Rejected {
                    cx.attempts_mut().record_refusal(&self.candidate.instance().id);
                }
                self.end(outcome, now);
            }
        }
    }

    #[inline]
    fn tell(mut self, outcome: Outcome, lasted: Duration, took: Duration, now: Instant) {
        self.told = true;
        self.candidate.end(outcome, lasted, took, now);
    }
}

impl Drop for Flight {
    #[inline]
    fn drop(&mut self) {
        if !self.told {
            self.drop_untold();
        }
    }
}

impl Flight {
    #[cold]
    fn drop_untold(&mut self) {
        let now = Instant::now();
        let outcome = match self.deadline {
            _ if std::thread::panicking() => Outcome::BackendError,
            // No failure, however late it was: another was quicker. How long it took is still the load that the next pick reads.
            _ if kit_core::copies::has_lost() => Outcome::Cancelled,
            Some(deadline) if deadline <= now => Outcome::TimedOut,
            _ => Outcome::Cancelled,
        };
        let lasted = now.saturating_duration_since(self.begun);
        self.candidate.end(outcome, lasted, lasted, now);
    }
}
