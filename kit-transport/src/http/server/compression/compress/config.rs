use std::fmt;

use kit_core::Error;
use serde::{Deserialize, Serialize};

/// What a [`CompressLayer`](super::CompressLayer) compresses, and how hard it tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CompressConfig {
    /// The smallest answer that is compressed, in bytes, `[0, 1073741824]`. Default 1 KiB: less fits into one packet anyway. An answer
    /// whose size is not known, as a stream's, is.
    pub min_bytes: u64,
    /// From 1, quick, to 9, small. Default 5: nearly all of what there is to save, at half of the time.
    pub level: u32,
}

impl Default for CompressConfig {
    fn default() -> Self {
        Self { min_bytes: 1024, level: 5 }
    }
}

impl CompressConfig {
    pub(super) fn check(&self) -> Result<(), Error> {
        let refused = |field: &str, value: &dyn fmt::Display, range: &str| {
            Err(Error::invalid_argument(format!("{field} is {value}, outside {range}")).with_reason("bad_config"))
        };
        if self.min_bytes > 1024 * 1024 * 1024 {
            return refused("min_bytes", &self.min_bytes, "[0, 1073741824]");
        }
        if !(1..=9).contains(&self.level) {
            return refused("level", &self.level, "[1, 9]");
        }
        Ok(())
    }
}
