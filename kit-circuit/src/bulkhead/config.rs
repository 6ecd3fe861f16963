use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::config::{ConfigError, above_zero, at_least_one};

/// How many calls run at once, and how many wait for how long.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::bulkhead::Config;
///
/// let config: Config = toml::from_str(r#"
///     max = 20
///     queue = 5
///     max_wait = "100ms"
/// "#)?;
/// assert_eq!(config, Config { max: 20, queue: 5, max_wait: Some(Duration::from_millis(100)) });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Calls at once. At least 1. Default 100: two thousand calls a second of 50 ms each (Little's law), and few enough that
    /// what they hold when all of them hang is no danger.
    pub max: usize,
    /// Calls that wait for a place. 0 refuses whoever finds none. Default 100: as many as run, so that the last in the queue
    /// waits about as long as one call takes.
    pub queue: usize,
    /// The longest wait, where the caller's deadline does not come first. More than zero. Default 1 s: linkerd's time until
    /// a server's queue fails fast. `none` is none: callers without a deadline then wait without end.
    #[serde(with = "duration::option")]
    pub max_wait: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self { max: 100, queue: 100, max_wait: Some(Duration::from_secs(1)) }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        at_least_one("max", self.max)?;
        if self.max > Semaphore::MAX_PERMITS {
            return Err(ConfigError::new("max", self.max, format!("at most {}", Semaphore::MAX_PERMITS)));
        }
        self.max_wait.map(|wait| above_zero("max_wait", wait)).transpose()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_the_default() {
        let config: Config = toml::from_str("max_wait = \"none\"").unwrap();
        assert_eq!(config, Config { max_wait: None, ..Config::default() });
        assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
        assert!(toml::from_str::<Config>("maximum = 1").unwrap_err().message().contains("unknown field `maximum`"));
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let message = |config: Config| config.check().unwrap_err().to_string();
        assert_eq!(message(Config { max: 0, ..Config::default() }), "max is 0, it must be at least 1");
        assert!(message(Config { max: usize::MAX, ..Config::default() }).contains("it must be at most"));
        let config = Config { max_wait: Some(Duration::ZERO), ..Config::default() };
        assert_eq!(message(config), "max_wait is 0ns, it must be more than zero");
        Config { queue: 0, ..Config::default() }.check().unwrap();
    }
}
