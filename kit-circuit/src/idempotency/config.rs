use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, above_zero, at_least_one};

/// What is remembered of calls with a key, and for how long.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::idempotency::Config;
///
/// let config: Config = toml::from_str(r#"
///     ttl = "1h"
///     required = true
/// "#)?;
/// assert_eq!((config.ttl, config.required), (Duration::from_secs(3_600), true));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long an answer is kept, from the end of its run. More than zero. Default 24 h, Stripe's: callers that try for
    /// longer have given up or are broken.
    #[serde(with = "duration")]
    pub ttl: Duration,
    /// Answers kept; when there is no room the oldest goes, and its key may run again. At least 1. Default 10,000: with a
    /// kilobyte each, ten megabytes.
    pub max_entries: usize,
    /// The longest a run may take, whoever waits for it. More than zero. Default 30 s, that of a deadline.
    #[serde(with = "duration")]
    pub limit: Duration,
    /// Whether a call without a key is refused. Default false: it is passed on, and may be doubled.
    pub required: bool,
    /// Whether a message runs again after a failure after which the first may have run. Default false: at most once. True
    /// is for handlers that commit in one last step, or do the same twice without harm.
    pub rerun_unknown: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(24 * 3_600),
            max_entries: 10_000,
            limit: Duration::from_secs(30),
            required: false,
            rerun_unknown: false,
        }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        above_zero("ttl", self.ttl)?;
        at_least_one("max_entries", self.max_entries)?;
        above_zero("limit", self.limit)?;
        Ok(self)
    }
}
