use std::sync::Arc;
use std::time::Duration;

use crate::error::{Code, Error};

/// A part failed, and stopped the lifecycle: the cause of the error that [`Lifecycle::run`](super::Lifecycle::run) answers.
#[derive(Debug, thiserror::Error)]
#[error("part {name} failed")]
pub struct PartFailed {
    name: Arc<str>,
    source: Error,
}

impl PartFailed {
    /// The name of the part.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it failed with.
    pub fn error(&self) -> &Error {
        &self.source
    }

    /// The error of the lifecycle: one clear line, under the id and the code of what the part failed with.
    pub(super) fn wrap(name: Arc<str>, error: Error) -> Error {
        let line = format!("part {name} failed: {}", error.message());
        Error::new(error.code(), line).with_id(error.id()).with_cause(PartFailed { name, source: error })
    }
}

/// What a part did wrong that has no error of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Misstep {
    /// It ended, and nobody had asked it to; it was not registered as a job.
    #[error("it ended without being asked to")]
    EndedUnasked,
    /// It did not say that it was ready.
    #[error("it was not ready within {within:?}")]
    NotReady {
        /// How long it had.
        within: Duration,
    },
}

impl Misstep {
    pub(super) fn error(self) -> Error {
        let code = match self {
            Misstep::EndedUnasked => Code::Unavailable,
            Misstep::NotReady { .. } => Code::DeadlineExceeded,
        };
        Error::new(code, self.to_string()).with_cause(self)
    }
}
