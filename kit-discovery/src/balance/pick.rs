use std::fmt;
use std::sync::Arc;

use kit_core::{Context, Instance, Outcome};
use tokio::time::Instant;

use super::candidate::Candidate;

/// A call that goes to an instance: in flight there until it is told its end.
///
/// Dropped untold it counts as cancelled; as timed out if the call's deadline has passed, since a timeout ends a call by dropping it;
/// in a panic as failed.
#[must_use = "dropped, it counts as cancelled"]
pub struct Pick<C = ()> {
    channel: C,
    flight: Flight,
}

struct Flight {
    candidate: Arc<Candidate>,
    begun: Instant,
    deadline: Option<Instant>,
    told: bool,
}

impl<C> Pick<C> {
    #[inline]
    pub(super) fn new(candidate: Arc<Candidate>, channel: C, cx: &Context) -> Self {
        candidate.begin();
        Self { channel, flight: Flight { candidate, begun: cx.now(), deadline: cx.deadline(), told: false } }
    }

    /// Who was picked.
    pub fn instance(&self) -> &Arc<Instance> {
        self.flight.candidate.instance()
    }

    /// Who was picked, with what is known of it.
    pub fn candidate(&self) -> &Candidate {
        &self.flight.candidate
    }

    /// The way to it.
    pub fn channel(&self) -> &C {
        &self.channel
    }

    /// The call ended so, at `now`: its latency is the time since it was picked.
    pub fn end(mut self, outcome: Outcome, now: Instant) {
        self.flight.told = true;
        self.flight.candidate.end(outcome, self.flight.begun, now);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        let now = Instant::now();
        let outcome = match self.deadline {
            _ if std::thread::panicking() => Outcome::BackendError,
            Some(deadline) if deadline <= now => Outcome::TimedOut,
            _ => Outcome::Cancelled,
        };
        self.candidate.end(outcome, self.begun, now);
    }
}

impl<C> fmt::Debug for Pick<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pick").field("instance", &self.instance().id).finish_non_exhaustive()
    }
}
