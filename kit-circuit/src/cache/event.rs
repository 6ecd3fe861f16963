use std::time::Duration;

use kit_core::{Error, Outcome};

/// What a cache tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An answer past its time was served while a new one is fetched.
    Stale {
        /// Its age.
        age: Duration,
    },
    /// An answer past its time was served because the call for a new one failed.
    Rescued {
        /// Its age.
        age: Duration,
        /// How the call had ended.
        outcome: Outcome,
        /// With which error, if it was one.
        error: Option<Error>,
    },
    /// A refresh failed; the old answer stays as long as it may.
    RefreshFailed(Error),
}

/// The mark of a stale answer in the context's [`extensions`](kit_core::Context::extensions), for logs and spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    age: Duration,
}

impl Stale {
    pub(super) fn new(age: Duration) -> Self {
        Self { age }
    }

    /// How long ago the answer was asked for.
    pub fn age(&self) -> Duration {
        self.age
    }
}
