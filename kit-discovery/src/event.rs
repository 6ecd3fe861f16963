use std::sync::Arc;
use std::time::Duration;

use kit_core::Error;

use crate::answer::Skipped;

/// What an instancer tells its observer: each change of the set, and each trouble at most once a minute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The service, as the source calls it.
    pub service: Arc<str>,
    /// What happened.
    pub news: News,
}

/// What happened to the set of a service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum News {
    /// Others answer now.
    #[non_exhaustive]
    Changed {
        /// Number of the set.
        generation: u64,
        /// How many it holds.
        size: usize,
        /// How many of them the last one had not, by id.
        added: usize,
        /// How many it has no more, by id.
        removed: usize,
    },
    /// The source fails; the last good set stays. At most once a minute.
    #[non_exhaustive]
    Failing {
        /// What it failed with.
        error: Error,
        /// For how long it has been failing.
        lasting: Duration,
        /// Failures since the last such event that were not told.
        untold: u64,
    },
    /// The source works again, after a failure that was told.
    #[non_exhaustive]
    Recovered {
        /// For how long it had failed.
        lasted: Duration,
    },
    /// The source says that nobody answers, where somebody did. At most once a minute.
    #[non_exhaustive]
    Emptied {
        /// How many answered before.
        before: usize,
        /// Times since the last such event that were not told.
        untold: u64,
    },
    /// Entries of an answer were skipped. At most once a minute.
    #[non_exhaustive]
    Skipped {
        /// The first few.
        named: Arc<[Skipped]>,
        /// How many in this answer.
        count: usize,
        /// Answers since the last such event with entries that were skipped and not told.
        untold: u64,
    },
}
