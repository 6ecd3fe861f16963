use std::sync::Arc;

use tokio::time::Instant;

use super::attempts::Attempts;
use super::{Context, Inbound};
use crate::metadata::Metadata;
use crate::method::Method;

impl Context {
    /// A context for a call made beside this one: the same deadline, identity and metadata, a cancel token of its own, no
    /// outcome and no stream yet.
    ///
    /// It allocates nothing, but for the first fork of a context that has inbound metadata: that becomes shared.
    ///
    /// Drop it and its token is told, which is right for a loser; [`merge`](Self::merge) the winner, or
    /// [`finish`](Self::finish) it.
    pub fn fork(&mut self) -> Context {
        let now = self.stamp();
        self.fork_at(now)
    }

    /// A [fork](Self::fork) for an attempt that begins at `now`, for who knows the time: retry and hedge do, whose calls have
    /// just come, or have just stamped their wait.
    pub fn fork_at(&mut self, now: Instant) -> Context {
        let mut fork = Context::at(now);
        fork.arrived = self.arrived;
        fork.deadline = self.deadline;
        fork.method = self.method;
        fork.request_id = self.request_id.clone();
        fork.inbound = self.share_inbound().into();
        fork.outbound = self.outbound.clone();
        fork.extensions = self.extensions.clone();
        fork.attempts = self.attempts.clone();
        fork.connection = self.connection.clone();
        fork.sizes = self.sizes;
        fork
    }

    /// Takes over what the winner of several forks found out: its metadata, extensions, outcome and stream, and its view of
    /// the time. Deadline, method and cancellation stay this context's own; what the winner spawned goes on.
    pub fn merge(&mut self, mut winner: Context) {
        self.catch_up(&winner);
        self.inbound = std::mem::take(&mut winner.inbound);
        self.outbound = winner.outbound.take();
        self.extensions = std::mem::take(&mut winner.extensions);
        self.attempts = std::mem::take(&mut winner.attempts);
        self.outcome = winner.outcome;
        self.fallback = winner.fallback;
        self.sizes = winner.sizes;
        winner.release();
        self.stream = winner.stream.take();
    }

    /// A context for a call to another service: it inherits deadline, cancellation by drop, request id and extensions, and
    /// has its own metadata, method, attempts and outcome. Every client stack opens one, so that what is meant for the
    /// callee never reaches the caller, and nothing comes back but what is asked for.
    ///
    /// It reads the clock: a handler that waited for something else may not have stamped its context, and a limit on this
    /// call counts from now. Below a [repeat](Self::is_repeat) it is one too, and its metadata tells the callee.
    pub fn child(&self, method: &'static Method) -> Context {
        let mut child = Context::new();
        child.deadline = self.deadline;
        child.method = Some(method);
        child.request_id = self.request_id.clone();
        child.extensions = self.extensions.clone();
        if self.is_repeat() {
            child.attempts = Attempts::of_a_repeat();
            child.outbound_mut().insert(Attempts::PREVIOUS, "1").expect("there is room for the first pair");
        }
        child
    }

    /// Takes over another context's view of the time, and nothing else of it: for who has waited for a call that had a context
    /// of its own, such as a child.
    pub fn catch_up(&mut self, other: &Context) {
        self.now = self.now.max(other.now);
        // What was measured was that call; the caller's own measure is still open.
        self.ended = false;
        self.clock_reads += other.clock_reads;
    }

    /// What came in, as something that two can hold.
    #[inline]
    pub(super) fn share_inbound(&mut self) -> Option<Arc<Metadata>> {
        if let Inbound::Own(metadata) = &mut self.inbound {
            self.inbound = Inbound::Shared(Arc::new(std::mem::take(metadata)));
        }
        match &self.inbound {
            Inbound::Shared(metadata) => Some(Arc::clone(metadata)),
            _ => None,
        }
    }
}
