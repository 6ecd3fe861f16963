use std::sync::Arc;
use std::time::Duration;

use kit_core::Error;

use crate::ejection;

/// What an endpointer tells its observer, of one instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The service, as the source calls it.
    pub service: Arc<str>,
    /// The instance's id.
    pub instance: Arc<str>,
    /// What happened.
    pub news: News,
}

/// What happened to an instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum News {
    /// It has a channel and may be called.
    #[non_exhaustive]
    Made {
        /// The attempts it took.
        attempts: u32,
    },
    /// No channel could be made to it; it is tried again for ever. At most once a minute for each instance.
    #[non_exhaustive]
    NotMade {
        /// What the last attempt failed with.
        error: Error,
        /// The attempts so far.
        attempts: u32,
    },
    /// It has left, and gets no more calls.
    #[non_exhaustive]
    Left {
        /// Calls that were in flight.
        in_flight: u32,
    },
    /// It is back before its channel was closed, and has that again.
    Returned,
    /// Its channel is closed.
    #[non_exhaustive]
    Closed {
        /// Calls that were still in flight when the time to drain was up.
        cut: u32,
        /// The time it had to be closed in was up before it was, if it was.
        late: Option<Duration>,
    },
    /// It does not pass its checks any more, or did not pass the first.
    #[non_exhaustive]
    FailsChecks {
        /// What the last check failed with.
        error: Error,
    },
    /// It passes its checks again.
    PassesChecks,
    /// It was ejected, or would have been.
    Ejection(ejection::Event),
}
