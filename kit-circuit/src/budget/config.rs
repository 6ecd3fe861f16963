use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use super::slots::LONGEST;
use crate::config::{ConfigError, within};

/// How much may be repeated.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::budget::Config;
///
/// let config: Config = toml::from_str(r#"
///     ratio = 0.1
///     per_second = 1
///     window = "30s"
/// "#)?;
/// assert_eq!(config, Config { ratio: 0.1, per_second: 1, window: Duration::from_secs(30) });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Repeats for each call, `[0.0, 100.0]`. Default 0.2: a total outage costs its callee a fifth more load, which a service
    /// that is to survive has in reserve, and one failure in five is still made good.
    pub ratio: f64,
    /// Repeats besides, a second, up to 10,000. Default 10: with only a few calls a second every failure may be repeated.
    pub per_second: u32,
    /// Over how long both are counted: whole seconds, 1 s to 60 s. Default 10 s: longer than a hiccup, such as an instance that
    /// is replaced, and too short to save up for an outage.
    #[serde(with = "duration")]
    pub window: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { ratio: 0.2, per_second: 10, window: Duration::from_secs(10) }
    }
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, ConfigError> {
        within("ratio", self.ratio, 0.0..=100.0)?;
        within("per_second", self.per_second, 0..=10_000)?;
        if self.window.subsec_nanos() != 0 || !(1..=LONGEST).contains(&self.window.as_secs()) {
            return Err(ConfigError::new("window", self.window, format!("whole seconds from 1s to {LONGEST}s")));
        }
        Ok(self)
    }

    /// What may be spent over a window in which there were so many calls.
    pub(super) fn allows(&self, calls: u64) -> u64 {
        // A call's share is rounded in favour of the callee; the tiny addend keeps 10 × 0.3 from being 2.
        let share = (calls as f64 * self.ratio + 1e-9) as u64;
        share + u64::from(self.per_second) * self.window.as_secs()
    }
}
