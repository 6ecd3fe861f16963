use std::sync::Arc;
use std::time::Duration;

/// What an ejection tells its observer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An instance is out.
    #[non_exhaustive]
    Ejected {
        /// Its id.
        instance: Arc<str>,
        /// Why.
        cause: Cause,
        /// For how long.
        lasting: Duration,
        /// The how many-eth time in a row.
        times: u32,
    },
    /// An instance fails and stays, because as many are out as may be. It is looked at anew.
    #[non_exhaustive]
    Spared {
        /// Its id.
        instance: Arc<str>,
        /// What it would have been ejected for.
        cause: Cause,
    },
}

impl Event {
    /// The id of the instance that it is about.
    pub fn instance(&self) -> &Arc<str> {
        match self {
            Event::Ejected { instance, .. } | Event::Spared { instance, .. } => instance,
        }
    }
}

/// What an instance is ejected for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// So many failures in a row.
    InARow(u32),
    /// Too many failures of the calls in the window.
    #[non_exhaustive]
    Ratio {
        /// Calls that failed.
        failed: u64,
        /// Calls that ended.
        calls: u64,
    },
}
