use kit_core::{Error, Layer};

use super::{Compress, CompressConfig};

/// Wraps HTTP endpoints in [`Compress`].
#[derive(Clone, Debug)]
pub struct CompressLayer {
    config: CompressConfig,
}

impl CompressLayer {
    /// A layer of these settings.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, named.
    pub fn new(config: CompressConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config })
    }
}

impl<E> Layer<E> for CompressLayer {
    type Service = Compress<E>;

    fn layer(&self, inner: E) -> Compress<E> {
        Compress { inner, config: self.config.clone() }
    }
}
