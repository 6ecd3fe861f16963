use std::time::Duration;

/// A worker does not live: the cause of the error that its health check answers, and that a steward restarts it for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoPulse {
    /// It has been silent for too long.
    #[error("no pulse for {silence:?}, at most {limit:?} is allowed (after {pulses} pulses, progress {progress})")]
    Silent {
        /// Time since the last pulse, or since the worker began if there was none.
        silence: Duration,
        /// How long a silence may last.
        limit: Duration,
        /// How many pulses there were.
        pulses: u64,
        /// How far the worker was.
        progress: u64,
    },
    /// It is not there any more: it returned, or gave its pulse away.
    #[error("the worker has ended")]
    Ended,
    /// Its steward was stopped.
    #[error("the steward was stopped")]
    Stopped,
}
