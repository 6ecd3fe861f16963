use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, above_zero, at_least_one, share};

/// What is kept, and for how long.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::cache::Config;
///
/// let config: Config = toml::from_str(r#"
///     ttl = "10m"
///     stale_on_error = "1h"
/// "#)?;
/// assert_eq!(config.ttl, Duration::from_secs(600));
/// assert_eq!(config.stale_on_error, Some(Duration::from_secs(3_600)));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Answers kept. At least 1. Default 10,000: with a kilobyte each, ten megabytes. What is asked for least goes first.
    /// The bound is kept for each part of the store, so the whole may hold a few more or less.
    pub max_entries: usize,
    /// The longest a success is served as fresh. More than zero. Default 60 s: long enough to take the load of what
    /// everybody asks for, short enough for a mistake to be over soon.
    #[serde(with = "duration")]
    pub ttl: Duration,
    /// By how much chance shortens an entry's time, at most, as a share of it: 0.0 to 1.0. Default 0.2.
    pub jitter: f64,
    /// How long `NotFound` is remembered. More than zero. Default 2 s: enough for a flood of questions about what is
    /// not there, and hardly a wait for what has just been made. `none` remembers it not at all.
    #[serde(with = "duration::option")]
    pub negative_ttl: Option<Duration>,
    /// How long past its time a success is served while a new one is fetched. More than zero. Default none: whether an old
    /// answer will do is for those to say who know the data.
    #[serde(with = "duration::option")]
    pub stale_while_refresh: Option<Duration>,
    /// How long past its time a success is served if the call for a new one fails or is refused. More than zero. Default
    /// none, for the same reason.
    #[serde(with = "duration::option")]
    pub stale_on_error: Option<Duration>,
    /// Refreshes at once. At least 1. Default 32: where more are due, callers still get their stale answer, and later ones
    /// begin the refresh.
    pub refreshes: usize,
    /// The longest a refresh may take. More than zero. Default 30 s, that of a deadline.
    #[serde(with = "duration")]
    pub refresh_limit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_entries: 10_000,
            ttl: Duration::from_secs(60),
            jitter: 0.2,
            negative_ttl: Some(Duration::from_secs(2)),
            stale_while_refresh: None,
            stale_on_error: None,
            refreshes: 32,
            refresh_limit: Duration::from_secs(30),
        }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        at_least_one("max_entries", self.max_entries)?;
        at_least_one("refreshes", self.refreshes)?;
        share("jitter", self.jitter)?;
        above_zero("ttl", self.ttl)?;
        above_zero("refresh_limit", self.refresh_limit)?;
        for (field, given) in [
            ("negative_ttl", self.negative_ttl),
            ("stale_while_refresh", self.stale_while_refresh),
            ("stale_on_error", self.stale_on_error),
        ] {
            given.map(|given| above_zero(field, given)).transpose()?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_the_default() {
        let config: Config = toml::from_str("negative_ttl = \"none\"").unwrap();
        assert_eq!(config, Config { negative_ttl: None, ..Config::default() });
        assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
        assert!(toml::from_str::<Config>("tll = \"1s\"").unwrap_err().message().contains("unknown field `tll`"));
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let default = Config::default();
        for (field, config) in [
            ("max_entries", Config { max_entries: 0, ..default }),
            ("ttl", Config { ttl: Duration::ZERO, ..default }),
            ("jitter", Config { jitter: 1.1, ..default }),
            ("jitter", Config { jitter: f64::NAN, ..default }),
            ("negative_ttl", Config { negative_ttl: Some(Duration::ZERO), ..default }),
            ("stale_while_refresh", Config { stale_while_refresh: Some(Duration::ZERO), ..default }),
            ("stale_on_error", Config { stale_on_error: Some(Duration::ZERO), ..default }),
            ("refreshes", Config { refreshes: 0, ..default }),
            ("refresh_limit", Config { refresh_limit: Duration::ZERO, ..default }),
        ] {
            assert_eq!(config.check().unwrap_err().field(), field);
        }
        default.check().unwrap();
    }
}
