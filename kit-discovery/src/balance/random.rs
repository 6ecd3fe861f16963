use std::fmt;
use std::sync::Arc;

use kit_core::Context;
use kit_core::sources::{self, ThreadRandom};

use super::{Balancer, Candidates};

/// One by chance, each by its weight's share: no state, so many callers of one set fall into no step.
///
/// # Source
/// RFC 2782, "Weight"; Walker's alias method.
#[derive(Clone)]
pub struct Random(Arc<dyn sources::Random>);

impl Random {
    /// By the threads' own chance.
    pub fn new() -> Self {
        Self::from_source(Arc::new(ThreadRandom))
    }

    /// By this chance: a test's.
    pub fn from_source(random: Arc<dyn sources::Random>) -> Self {
        Self(random)
    }
}

impl Balancer for Random {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        set.draw(cx, &*self.0)
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}
