//! Settings that change while calls run.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// A checked config that a handle sets and calls read, without a lock. A call reads it once and goes by what it read.
pub(crate) struct Live<C>(ArcSwap<C>);

impl<C> Live<C> {
    pub(crate) fn new(config: C) -> Self {
        Self(ArcSwap::from_pointee(config))
    }

    /// For a few reads at once: not to be held across an await.
    pub(crate) fn load(&self) -> Guard<Arc<C>> {
        self.0.load()
    }

    /// Calls that begin after this go by `config`.
    pub(crate) fn set(&self, config: C) {
        self.0.store(Arc::new(config));
    }
}

impl<C: fmt::Debug> fmt::Debug for Live<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}
