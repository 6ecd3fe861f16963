use std::ops::Deref;
use std::sync::Arc;

use kit_core::{Code, Ended, Outcome};
use tokio::time::Instant;

use super::handles::Handles;

/// One call in flight. It is counted once: with the outcome that it is told, else when it is dropped.
///
/// It borrows its handles, so that calls side by side write no count of references; a stream's owns them.
#[derive(Debug)]
pub(super) struct Call<H: Deref<Target = Handles>> {
    handles: H,
    began: Instant,
    /// The endpoint's code is running: dropped meanwhile, it has panicked.
    running: bool,
    open: bool,
}

impl<H: Deref<Target = Handles>> Call<H> {
    pub(super) fn begin(handles: H, began: Instant) -> Self {
        if let Some(in_flight) = handles.in_flight() {
            in_flight.inc();
        }
        Self { handles, began, running: false, open: true }
    }

    /// Runs the endpoint's code. `std::thread::panicking` would not do: it is true as well for a call that is dropped because
    /// its neighbour in a `join!` panicked.
    pub(super) fn run<R>(&mut self, code: impl FnOnce() -> R) -> R {
        self.running = true;
        let result = code();
        self.running = false;
        result
    }

    /// The call has ended.
    pub(super) fn end(mut self, at: Instant, outcome: Outcome, code: Option<Code>) {
        self.count(at, outcome, code);
    }

    fn count(&mut self, at: Instant, outcome: Outcome, code: Option<Code>) {
        self.open = false;
        let handles = &*self.handles;
        if let Some(in_flight) = handles.in_flight() {
            in_flight.dec();
        }
        if let Some(duration) = handles.duration() {
            duration.observe_at(self.began, at);
        }
        if let Some(ended) = handles.ended(outcome, code) {
            ended.inc();
        }
    }
}

impl Call<&Handles> {
    /// The call has answered with a stream, and goes on until that ends.
    pub(super) fn streams(mut self, handles: Arc<Handles>) -> Call<Arc<Handles>> {
        self.open = false;
        Call { handles, began: self.began, running: false, open: true }
    }
}

impl Call<Arc<Handles>> {
    /// The stream has ended. `said` is what the call's own end said: a response of status 500 remains one when its body has
    /// been read to the end.
    pub(super) fn stream_ended(self, ended: &Ended, said: Outcome) {
        let outcome = if ended.outcome() == Outcome::Success { said } else { ended.outcome() };
        let code = code(outcome, ended.error().map(kit_core::Error::code));
        // Nobody has a context any more.
        self.end(Instant::now(), outcome, code);
    }
}

impl<H: Deref<Target = Handles>> Drop for Call<H> {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let (outcome, code) = match self.running {
            true => (Outcome::BackendError, Code::Internal),
            false => (Outcome::Cancelled, Code::Cancelled),
        };
        self.count(Instant::now(), outcome, Some(code));
    }
}

/// The code of a call that ended so: its error's, or the one that says as much; `None` for `OK`.
pub(super) fn code(outcome: Outcome, error: Option<Code>) -> Option<Code> {
    error.or(match outcome {
        Outcome::Success => None,
        Outcome::Cancelled => Some(Code::Cancelled),
        Outcome::TimedOut => Some(Code::DeadlineExceeded),
        Outcome::BusinessError | Outcome::BackendError | Outcome::Rejected => Some(Code::Unknown),
    })
}
