use std::time::Duration;

use kit_core::{Code, Error};

/// A call's time was up before its answer came: the cause of the error that its caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", if .limit.is_zero() { "the deadline had passed before the call began".into() } else { format!("no answer within {limit:?}") })]
pub struct Elapsed {
    limit: Duration,
}

impl Elapsed {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit }
    }

    #[track_caller]
    pub(super) fn into_error(self) -> Error {
        Error::boundary(Code::DeadlineExceeded, self)
    }

    /// How long the call was given: the layer's limit, or what was left until its caller's deadline if that was less. Zero
    /// if that had passed already.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}
