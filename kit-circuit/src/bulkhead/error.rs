use std::time::Duration;

use kit_core::{Code, Error, Outcome, Retry};

/// There was no place for a call: the cause of the error that its caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Full {
    /// As many as may were running, and as many as may were waiting.
    #[error("{max} calls are running and {waiting} are waiting")]
    Queue {
        /// How many may run.
        max: usize,
        /// How many were waiting.
        waiting: usize,
    },
    /// It waited as long as a call may, and no place became free.
    #[error("no place became free within {waited:?}")]
    Wait {
        /// How long it waited.
        waited: Duration,
    },
    /// Its caller's deadline left it no time, or no more time, to wait.
    #[error("the deadline came before a place, after {waited:?}")]
    Deadline {
        /// How long it waited.
        waited: Duration,
    },
}

impl Full {
    #[cold]
    pub(super) fn into_error(self) -> Error {
        let code = match self {
            Full::Deadline { .. } => Code::DeadlineExceeded,
            _ => Code::Unavailable,
        };
        Error::boundary(code, self).with_outcome(Outcome::Rejected).with_retry(Retry::Safe)
    }
}
