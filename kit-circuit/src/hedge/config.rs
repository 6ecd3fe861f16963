use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Delay;
use crate::budget;
use crate::config::{ConfigError, within};

/// When a second attempt is sent, and how many may be.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::hedge::{Config, Delay};
///
/// let config: Config = toml::from_str(r#"
///     delay = "20ms"
///     ratio = 0.1
/// "#)?;
/// assert_eq!(config, Config { delay: Delay::Fixed(Duration::from_millis(20)), ratio: 0.1, ..Config::default() });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Attempts in all, the first among them: 2 to 10. Default 2: a third is seldom worth what it costs.
    pub attempts: u32,
    /// How long an attempt has run when the next is sent. Default `p95`.
    pub delay: Delay,
    /// Attempts besides the first, for each call, `[0.0, 1.0]`, over ten seconds. Default 0.05: one in twenty, as many as the
    /// 95th percentile leaves over. Fewer than twenty calls in ten seconds are not hedged by it.
    pub ratio: f64,
    /// Such attempts besides, a second, up to 10,000: for clients of few calls. Default 0.
    pub per_second: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { attempts: 2, delay: Delay::default(), ratio: 0.05, per_second: 0 }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        within("attempts", self.attempts, 2..=10)?;
        self.delay.check()?;
        within("ratio", self.ratio, 0.0..=1.0)?;
        within("per_second", self.per_second, 0..=10_000)?;
        Ok(self)
    }

    pub(super) fn budget(&self) -> budget::Config {
        budget::Config { ratio: self.ratio, per_second: self.per_second, window: Duration::from_secs(10) }
    }
}
