use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::Recover;
use crate::error::Error;
use crate::observer::Observer;

/// Turns panics of the inner endpoint into errors.
#[derive(Clone, Default)]
pub struct RecoverLayer(Option<Arc<dyn Observer<Error>>>);

impl RecoverLayer {
    /// Catches; whoever stands outside sees the error.
    pub fn new() -> Self {
        Self(None)
    }

    /// Catches, and tells `observer` of the error: for the outermost net, which has nobody outside to log it.
    pub fn observed(observer: impl Observer<Error> + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }
}

impl<E> Layer<E> for RecoverLayer {
    type Service = Recover<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Recover::new(inner, self.0.clone())
    }
}

impl fmt::Debug for RecoverLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoverLayer")
    }
}
