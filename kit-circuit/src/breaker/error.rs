use std::fmt;
use std::time::Duration;

use super::{Reason, State};

/// A breaker refused the call: the cause of the error that its caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    state: State,
    left: Option<Duration>,
    reason: Option<Reason>,
}

impl Open {
    pub(super) fn new(state: State, left: Option<Duration>, reason: Option<Reason>) -> Self {
        Self { state, left, reason }
    }

    /// How long it stays open: then the first calls are let through again. `None` while probes are out, whose answers decide, and
    /// when it is held open by hand.
    pub fn left(&self) -> Option<Duration> {
        self.left
    }

    /// How the breaker stood: open, half-open with its probes out, or forced open.
    pub fn state(&self) -> State {
        self.state
    }

    /// Why it last opened.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.state, self.left) {
            (State::HalfOpen, _) => f.write_str("the circuit breaker is half-open and its probes are out")?,
            (State::ForcedOpen, _) => return f.write_str("the circuit breaker is held open"),
            (_, Some(left)) => write!(f, "the circuit breaker is open for another {left:?}")?,
            (_, None) => f.write_str("the circuit breaker is open")?,
        }
        match self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Open {}
