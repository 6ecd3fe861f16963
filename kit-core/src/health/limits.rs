use std::time::Duration;

use crate::error::Error;

/// How long a check may take, and how long its answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A check that takes longer is unhealthy. Default 1 s: an age for a ping of something near, and what a prober will wait.
    /// One that waits no longer than that itself (Kubernetes' default) is given a second more, or the check less.
    pub deadline: Duration,
    /// An answer this young serves the next probe as well, also a bad one. Default 1 s: however many probers there are, what is
    /// checked is asked once a second, and their usual interval of 5 to 10 s sees a new answer each time. Zero: no answer is
    /// served twice, and only probes that overlap share one.
    pub cache: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(1), cache: Duration::from_secs(1) }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.deadline.is_zero() {
            return Err(Error::invalid_argument("the deadline of a health check is zero"));
        }
        Ok(())
    }
}
