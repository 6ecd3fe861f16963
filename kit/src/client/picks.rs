use std::any::Any;
use std::fmt;
use std::sync::Arc;

use kit_core::Context;
use kit_discovery::balance::{Balancer, Candidates};
use kit_metrics::Counter;

/// A balancer whose picks are counted: what is in a [`Client`](super::Client)'s slot for it, made by
/// [`observe::picks`](crate::observe::picks).
#[derive(Clone)]
pub struct Picks<B> {
    balancer: B,
    picked: Counter,
    nobody: Counter,
    /// What is to last as long as the endpoints do.
    _kept: Option<Arc<dyn Any + Send + Sync>>,
}

impl<B> Picks<B> {
    pub(crate) fn new(balancer: B, picked: Counter, nobody: Counter) -> Self {
        Self { balancer, picked, nobody, _kept: None }
    }

    pub(super) fn keeping(self, kept: Arc<dyn Any + Send + Sync>) -> Self {
        Self { _kept: Some(kept), ..self }
    }
}

impl<B: Balancer> Balancer for Picks<B> {
    fn pick(&self, cx: &Context, set: &Candidates) -> Option<usize> {
        let picked = self.balancer.pick(cx, set);
        let counter = if picked.is_some() { &self.picked } else { &self.nobody };
        counter.inc();
        picked
    }
}

impl<B: fmt::Debug> fmt::Debug for Picks<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Picks").field(&self.balancer).finish()
    }
}
