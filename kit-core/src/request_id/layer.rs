use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::WithRequestId;
use crate::sources::{Ids, RandomIds, ThreadRandom};

/// Names each call that has no name yet.
#[derive(Clone)]
pub struct RequestIdLayer(Arc<dyn Ids>);

impl RequestIdLayer {
    /// Names from a source of ids; the default is 128 random bits.
    pub fn new(ids: impl Ids + 'static) -> Self {
        Self(Arc::new(ids))
    }
}

impl Default for RequestIdLayer {
    fn default() -> Self {
        Self::new(RandomIds(ThreadRandom))
    }
}

impl<E> Layer<E> for RequestIdLayer {
    type Service = WithRequestId<E>;

    fn layer(&self, inner: E) -> Self::Service {
        WithRequestId::new(inner, Arc::clone(&self.0))
    }
}

impl fmt::Debug for RequestIdLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestIdLayer")
    }
}
