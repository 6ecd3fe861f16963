use std::time::Duration;

/// Why a check without an answer is unhealthy: the cause of the error that the observer is told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoAnswer {
    /// Its time was up.
    #[error("the check did not end within {deadline:?}")]
    Late {
        /// How long it may take.
        deadline: Duration,
    },
    /// The runtime that it ran on was shut down.
    #[error("the check was cut off with its runtime")]
    CutOff,
}
