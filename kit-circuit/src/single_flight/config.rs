use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, above_zero};

/// How long a flight may take.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::single_flight::Config;
///
/// let config: Config = toml::from_str("limit = \"5s\"")?;
/// assert_eq!(config.limit, Duration::from_secs(5));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The longest a flight may take, whoever waits for it. More than zero. Default 30 s: that of
    /// [`DeadlineLayer`](crate::timeout::DeadlineLayer), the longest any of its callers waits.
    #[serde(with = "duration")]
    pub limit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { limit: Duration::from_secs(30) }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        above_zero("limit", self.limit)?;
        Ok(self)
    }
}
