use std::fmt;
use std::sync::Arc;

use kit_core::{Context, Error, Instance, Outcome};
use tokio::time::Instant;

use super::candidate::Candidate;
use super::flight::Flight;

/// A call that goes to an instance: in flight there until it is told its end.
///
/// Dropped untold it counts as cancelled; as timed out if the call's deadline has passed, since a timeout ends a call by dropping it;
/// in a panic as failed.
#[must_use = "dropped, it counts as cancelled"]
pub struct Pick<C = ()> {
    channel: C,
    flight: Flight,
}

impl<C> Pick<C> {
    pub(super) fn new(flight: Flight, channel: C) -> Self {
        Self { channel, flight }
    }

    /// Who was picked.
    pub fn instance(&self) -> &Arc<Instance> {
        self.flight.candidate().instance()
    }

    /// Who was picked, with what is known of it.
    pub fn candidate(&self) -> &Candidate {
        self.flight.candidate()
    }

    /// The way to it.
    pub fn channel(&self) -> &C {
        &self.channel
    }

    /// The call ended so, at `now`: its latency is the time since it was picked.
    pub fn end(self, outcome: Outcome, now: Instant) {
        self.flight.end(outcome, now);
    }

    /// The call has returned `result`. If that is a stream, the call is in flight to the stream's end, and its latency is the time to
    /// here; if it was refused on this side, the context's [attempts](kit_core::Attempts::record_refusal) know by whom.
    pub fn close<R>(self, cx: &mut Context, result: &Result<R, Error>) {
        self.flight.close(cx, result);
    }

    pub(crate) fn into_parts(self) -> (Flight, C) {
        (self.flight, self.channel)
    }
}

impl<C> fmt::Debug for Pick<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pick").field("instance", &self.instance().id).finish_non_exhaustive()
    }
}
