use std::sync::Arc;
use std::time::Duration;

use kit_core::Error;

/// What a registration tells its observer; of losses, at most one a minute.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The service.
    pub service: Arc<str>,
    /// The id of the instance.
    pub instance: Arc<str>,
    /// What happened.
    pub news: News,
}

/// What happened to a registration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum News {
    /// It is registered.
    Registered,
    /// It is not, or may not be, and is announced again. At most once a minute.
    #[non_exhaustive]
    Lost {
        /// Why.
        error: Error,
        /// For how long.
        lasting: Duration,
        /// Losses and failed attempts since the last such event that were not told.
        untold: u64,
    },
    /// It is registered again, after a loss that was told.
    #[non_exhaustive]
    Remade {
        /// For how long it was not.
        lasted: Duration,
    },
    /// It was withdrawn.
    Withdrawn,
    /// It could not be withdrawn: it stays until the registry's own time limit.
    #[non_exhaustive]
    Left {
        /// Why.
        error: Error,
    },
}
