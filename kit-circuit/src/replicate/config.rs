use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget;
use crate::config::{ConfigError, within};

/// How many copies, and how much work that may be.
///
/// ```
/// use kit_circuit::replicate::Config;
///
/// let config: Config = toml::from_str("copies = 3\nratio = 2.0")?;
/// assert_eq!(config, Config { copies: 3, ratio: 2.0, ..Config::default() });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Copies of a call in all: 2 to 32. Default 2: the second brings the most.
    pub copies: u32,
    /// Copies besides the first, for each call, `[0.0, 31.0]`, over ten seconds. Default 0.05, so that nobody pays more than a
    /// twentieth by mistake: one call in twenty is replicated then. `copies - 1` replicates every call.
    pub ratio: f64,
    /// Such copies besides, a second, up to 10,000. Default 0.
    pub per_second: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { copies: 2, ratio: 0.05, per_second: 0 }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        within("copies", self.copies, 2..=32)?;
        within("ratio", self.ratio, 0.0..=31.0)?;
        within("per_second", self.per_second, 0..=10_000)?;
        Ok(self)
    }

    pub(super) fn budget(&self) -> budget::Config {
        budget::Config { ratio: self.ratio, per_second: self.per_second, window: Duration::from_secs(10) }
    }
}
