use kit_core::Error;
use serde::{Deserialize, Serialize};

/// How a [`DecompressLayer`](super::DecompressLayer) bounds what it makes of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DecompressConfig {
    /// How many times as large as what came a body may grow, `[1, 1100]`; the first 64 KiB may be of any ratio. Default 100: text
    /// reaches 20, and a request that costs a hundred times its size is an attack (Envoy's line).
    pub max_ratio: u32,
}

impl Default for DecompressConfig {
    fn default() -> Self {
        Self { max_ratio: 100 }
    }
}

impl DecompressConfig {
    /// What deflate can reach at all, and a little.
    const MOST: u32 = 1100;

    pub(super) fn check(&self) -> Result<(), Error> {
        if (1..=Self::MOST).contains(&self.max_ratio) {
            return Ok(());
        }
        let line = format!("max_ratio is {}, outside [1, {}]", self.max_ratio, Self::MOST);
        Err(Error::invalid_argument(line).with_reason("bad_config"))
    }
}
