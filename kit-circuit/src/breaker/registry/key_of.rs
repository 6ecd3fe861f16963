use std::sync::Arc;

use kit_core::{Context, Routed};

/// Says which breaker a call goes through. A closure is one: `|_cx: &Context, request: &Request| Some(request.shard)`.
pub trait KeyOf<K, Req>: Send + Sync {
    /// The key of this call; none, and no breaker is asked.
    fn key_of(&self, cx: &Context, request: &Req) -> Option<K>;
}

impl<K, Req, F> KeyOf<K, Req> for F
where
    F: Fn(&Context, &Req) -> Option<K> + Send + Sync,
{
    fn key_of(&self, cx: &Context, request: &Req) -> Option<K> {
        self(cx, request)
    }
}

/// By the [instance](kit_core::Instance::id) that a balancer has picked: one layer for the requests of all methods, which no closure
/// could be.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByInstance;

impl<C, Req> KeyOf<Arc<str>, Routed<C, Req>> for ByInstance {
    fn key_of(&self, _cx: &Context, routed: &Routed<C, Req>) -> Option<Arc<str>> {
        Some(Arc::clone(&routed.instance.id))
    }
}
