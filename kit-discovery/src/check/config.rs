use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

/// When a [`Check`](super::Check) asks, and what it takes to believe it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The pause between two questions to one instance, each up to a fifth shorter or longer by chance, so that many callers do not
    /// ask in step. More than zero. Default 3 s: one that is well again is back within 10 s.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// How long an answer may take; later it is a failure. More than zero. Default 1 s.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Answers in a row that bring one back. At least 1. Default 2.
    pub healthy: u32,
    /// Failures in a row that take one out. At least 1. Default 3: one lost packet is no illness.
    pub unhealthy: u32,
}

impl Default for Config {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self { interval: 3 * second, timeout: second, healthy: 2, unhealthy: 3 }
    }
}

impl Config {
    /// This, if its settings are in their ranges.
    ///
    /// # Errors
    /// `InvalidArgument`, by the name of the setting.
    pub fn check(self) -> Result<Self, Error> {
        for (field, given) in [("interval", self.interval), ("timeout", self.timeout)] {
            if given.is_zero() {
                return Err(Error::invalid_argument(format!("{field} is 0ns, it must be more than zero")));
            }
        }
        for (field, given) in [("healthy", self.healthy), ("unhealthy", self.unhealthy)] {
            if given == 0 {
                return Err(Error::invalid_argument(format!("{field} is 0, it must be at least 1")));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let message = |config: Config| config.check().unwrap_err().message().to_owned();
        let default = Config::default();
        let zero = Duration::ZERO;
        assert_eq!(message(Config { interval: zero, ..default }), "interval is 0ns, it must be more than zero");
        assert_eq!(message(Config { timeout: zero, ..default }), "timeout is 0ns, it must be more than zero");
        assert_eq!(message(Config { healthy: 0, ..default }), "healthy is 0, it must be at least 1");
        assert_eq!(message(Config { unhealthy: 0, ..default }), "unhealthy is 0, it must be at least 1");
    }

    #[test]
    fn settings_are_read_from_a_file_and_unknown_ones_refused() {
        let config: Config = toml::from_str("interval = \"10s\"\nunhealthy = 2").unwrap();
        assert_eq!(config, Config { interval: Duration::from_secs(10), unhealthy: 2, ..Config::default() });
        assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
        assert!(toml::from_str::<Config>("threshold = 2").is_err());
    }
}
