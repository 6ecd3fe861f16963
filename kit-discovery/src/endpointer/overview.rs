use std::sync::Arc;

use kit_core::{Error, Instance};
use tokio::time::Instant;

use crate::balance::Candidate;

/// What the endpointer's task says of itself, for handles.
#[derive(Clone)]
pub(super) struct Overview {
    pub(super) phase: Phase,
    /// Those in the set, on the way into it and on the way out.
    pub(super) members: Arc<[Known]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nobody may be called yet, or any more.
    Waiting,
    /// Somebody may be called.
    Usable,
    /// Nobody may be called, and nobody will be: discovery has stopped.
    Stopped,
    /// It was closed.
    Closed,
}

/// One instance and how far its channel is.
pub(super) struct Known {
    pub(super) instance: Arc<Instance>,
    /// What calls say of it, if it gets any.
    pub(super) candidate: Option<Arc<Candidate>>,
    pub(super) link: Link,
    /// Why it does not pass its checks, if it does not.
    pub(super) failing: Option<Error>,
}

pub(super) enum Link {
    Making { attempts: u32, error: Option<Error> },
    Trying,
    Made,
    Draining { until: Option<Instant> },
    Closing,
}

impl Overview {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { phase: Phase::Waiting, members: Arc::default() }
    }
}
