use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, above_zero, within};

/// How often, and how far apart. How much in all is the [budget's](crate::budget) to say.
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::retry::Config;
///
/// let config: Config = toml::from_str(r#"
///     attempts = 4
///     per_try = "250ms"
/// "#)?;
/// assert_eq!(config, Config { attempts: 4, per_try: Some(Duration::from_millis(250)), ..Config::default() });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Attempts in all, the first among them: 1 to 1,000. Default 3: the second meets another instance, the third one that the
    /// other two say nothing about; what fails three times is not one instance's trouble. 1 repeats nothing.
    pub attempts: u32,
    /// How long one attempt may take, a stream that it answers with included. More than zero. Default none: only who knows the
    /// call can say; without it, a callee that hangs takes all the time there is, and nothing is left to repeat it in.
    #[serde(with = "duration::option")]
    pub per_try: Option<Duration>,
    /// The limit of the first pause; it doubles with every attempt. More than zero, at most `max_pause`. Default 25 ms: about as
    /// long as a call takes, so that a repeat is seldom noticed.
    #[serde(with = "duration")]
    pub first_pause: Duration,
    /// Where that limit stops growing. Default 1 s.
    #[serde(with = "duration")]
    pub max_pause: Duration,
    /// The longest pause that a callee may ask for; when it asks for more, its error is the answer. Default 10 s: a call that
    /// waits for longer holds what it has for nothing.
    #[serde(with = "duration")]
    pub max_asked_pause: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            attempts: 3,
            per_try: None,
            first_pause: Duration::from_millis(25),
            max_pause: Duration::from_secs(1),
            max_asked_pause: Duration::from_secs(10),
        }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        within("attempts", self.attempts, 1..=1_000)?;
        if let Some(limit) = self.per_try {
            above_zero("per_try", limit)?;
        }
        above_zero("first_pause", self.first_pause)?;
        if self.first_pause > self.max_pause {
            let range = format!("at most {:?}, which is max_pause", self.max_pause);
            return Err(ConfigError::new("first_pause", self.first_pause, range));
        }
        Ok(self)
    }

    /// The limit of the pause after so many failures, 1 or more.
    pub(super) fn limit(&self, failed: u32) -> Duration {
        let doubled = 1u32.checked_shl(failed - 1).unwrap_or(u32::MAX);
        self.first_pause.saturating_mul(doubled).min(self.max_pause)
    }
}
