use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::Cancel;
use crate::error::Error;
use crate::metadata::Metadata;
use crate::outcome::Outcome;
use crate::recover::Panicked;

/// How a stream ended.
#[derive(Clone, Debug)]
pub struct Ended {
    outcome: Outcome,
    error: Option<Error>,
    trailers: Metadata,
}

impl Ended {
    /// How the whole call ended, the stream included.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The error it ended with.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// What followed the last message, as it stood at the end.
    pub fn trailers(&self) -> &Metadata {
        &self.trailers
    }
}

/// The end of a stream that is still running: what must last until then is attached here.
///
/// Clones are one end. Hooks run once each, in the order they were attached (inner layers first), when the stream is
/// read to its end, fails, or is dropped before that, which counts as [`Outcome::Cancelled`]; so does an end whose last clone is
/// dropped and that nobody completed.
#[derive(Clone, Default)]
pub struct StreamEnd(Arc<Mutex<State>>);

type Hook = Box<dyn FnOnce(&Ended) + Send>;

#[derive(Default)]
struct State {
    hooks: Vec<Hook>,
    trailers: Metadata,
    ended: Option<Ended>,
}

impl StreamEnd {
    /// An end that nobody has reached. For bindings that track a body of their own; others use
    /// [`Streaming`](super::Streaming).
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `hook` at the end, or at once if the stream has ended already. It runs from a drop: it cannot wait or fail, and it
    /// needs no clone of this end, since it is told all of it.
    pub fn attach(&self, hook: impl FnOnce(&Ended) + Send + 'static) {
        let mut state = self.lock();
        match state.ended.clone() {
            None => state.hooks.push(Box::new(hook)),
            Some(ended) => {
                drop(state);
                hook(&ended);
            }
        }
    }

    /// How it ended, once it has.
    pub fn ended(&self) -> Option<Ended> {
        self.lock().ended.clone()
    }

    /// Writes to what follows the last message: a handler keeps a clone of the end, since its context is gone by then.
    pub fn with_trailers<R>(&self, with: impl FnOnce(&mut Metadata) -> R) -> R {
        with(&mut self.lock().trailers)
    }

    /// Moves the trailers into the transport that sends them, or that received them.
    pub fn take_trailers(&self) -> Metadata {
        std::mem::take(&mut self.lock().trailers)
    }

    /// Ends it: the first word counts. For bindings that track a body of their own.
    pub fn complete(&self, outcome: Outcome, error: Option<Error>) {
        let mut state = self.lock();
        if state.ended.is_some() {
            return;
        }
        let ended = Ended { outcome, error, trailers: state.trailers.clone() };
        state.ended = Some(ended.clone());
        let hooks = std::mem::take(&mut state.hooks);
        // A hook may ask this end for its trailers, or drop what attaches another hook.
        drop(state);
        for hook in hooks {
            hook(&ended);
        }
    }

    /// Keeps a call's token for what still runs on the stream's behalf; told if the stream is cut short, as by a panic of its source.
    pub(crate) fn keep(&self, token: Cancel) {
        self.attach(move |ended| match ended.outcome() {
            Outcome::Cancelled | Outcome::TimedOut => token.cancel(),
            _ if ended.error().is_some_and(|error| error.cause::<Panicked>().is_some()) => token.cancel(),
            _ => token.finish(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is left who could end it: cut short.
impl Drop for State {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let ended =
                Ended { outcome: Outcome::Cancelled, error: None, trailers: std::mem::take(&mut self.trailers) };
            for hook in self.hooks.drain(..) {
                hook(&ended);
            }
        }
    }
}

impl fmt::Debug for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("StreamEnd").field("hooks", &state.hooks.len()).field("ended", &state.ended).finish()
    }
}
