use kit_core::{Error, Layer};

use super::{Decompress, DecompressConfig};

/// Wraps HTTP endpoints in [`Decompress`].
#[derive(Clone, Debug)]
pub struct DecompressLayer {
    config: DecompressConfig,
}

impl DecompressLayer {
    /// A layer of these settings.
    ///
    /// # Errors
    /// `InvalidArgument` for a setting out of its range, named.
    pub fn new(config: DecompressConfig) -> Result<Self, Error> {
        config.check()?;
        Ok(Self { config })
    }
}

impl<E> Layer<E> for DecompressLayer {
    type Service = Decompress<E>;

    fn layer(&self, inner: E) -> Decompress<E> {
        Decompress { inner, max_ratio: self.config.max_ratio }
    }
}
