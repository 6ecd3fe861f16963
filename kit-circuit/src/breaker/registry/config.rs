use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::breaker;
use crate::config::{ConfigError, above_zero, at_least_one};

/// The settings of a [`Registry`](super::Registry).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Breakers at most, at least 1. Default 1,000: more instances than a client has, at about two KiB each.
    pub max: usize,
    /// A closed breaker that was not called for this long may go when another is made. More than zero. Default 10 min, as long as what
    /// it has counted can matter by default, twice.
    #[serde(with = "duration")]
    pub idle: Duration,
    /// The settings of each.
    pub breaker: breaker::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self { max: 1_000, idle: Duration::from_secs(600), breaker: breaker::Config::default() }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        at_least_one("max", self.max)?;
        above_zero("idle", self.idle)?;
        self.breaker.check()?;
        self.breaker.opens()?;
        Ok(self)
    }
}
