use std::time::Duration;

use crate::error::Error;

/// How long a part may take to start and to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until it is ready. Default 30 s: a store may have to recover. What takes longer fails the start.
    pub start: Duration,
    /// Until it has ended, once it is asked to. Default 10 s: what calls in flight are granted to finish. What takes longer is
    /// cut off. All parts together should stay below what the orchestrator grants (Kubernetes: 30 s). Zero: asked and cut off.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { start: Duration::from_secs(30), stop: Duration::from_secs(10) }
    }
}

impl Limits {
    /// The same limits with another time to stop.
    #[must_use]
    pub fn stop_within(mut self, stop: Duration) -> Self {
        self.stop = stop;
        self
    }

    pub(super) fn check(&self, name: &str) -> Result<(), Error> {
        if self.start.is_zero() {
            return Err(Error::invalid_argument(format!("the start limit of part {name:?} is zero")));
        }
        Ok(())
    }
}
