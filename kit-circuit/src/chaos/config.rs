use std::time::Duration;

use kit_core::{Code, duration};
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, share};

/// Which faults, and how often. By itself it does nothing: see [off unless asked for
/// twice](super#off-unless-asked-for-twice).
///
/// ```
/// use kit_circuit::chaos::Config;
/// use kit_core::Code;
///
/// let config: Config = toml::from_str(r#"
///     enabled = true
///     latency = 0.1
///     latency_max = "2s"
///     error = 0.05
///     error_code = "ResourceExhausted"
/// "#)?;
/// assert_eq!((config.enabled, config.error_code), (true, Code::ResourceExhausted));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// One of the two switches. Default false.
    pub enabled: bool,
    /// The share of calls that are made to wait first: 0.0 to 1.0. Default 0.0.
    pub latency: f64,
    /// The shortest of these waits. At most `latency_max`. Default 50 ms.
    #[serde(with = "duration")]
    pub latency_min: Duration,
    /// The longest of these waits. At most a day: [`hang`](Self::hang) is for more. Default 500 ms: the slow instance of
    /// `reliability.md`.
    #[serde(with = "duration")]
    pub latency_max: Duration,
    /// The share of calls that fail: 0.0 to 1.0. Default 0.0.
    pub error: f64,
    /// Their code. Default `Unavailable`: the failure that most is done about.
    #[serde(with = "code")]
    pub error_code: Code,
    /// The share of calls that never end: 0.0 to 1.0. Default 0.0.
    pub hang: f64,
    /// The share of calls that panic: 0.0 to 1.0. Default 0.0. `error`, `hang` and `panic` together are at most 1.0.
    pub panic: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: false,
            latency: 0.0,
            latency_min: Duration::from_millis(50),
            latency_max: Duration::from_millis(500),
            error: 0.0,
            error_code: Code::Unavailable,
            hang: 0.0,
            panic: 0.0,
        }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        for (field, given) in
            [("latency", self.latency), ("error", self.error), ("hang", self.hang), ("panic", self.panic)]
        {
            share(field, given)?;
        }
        let left = 1.0 - self.error - self.hang;
        // Tenths do not add up to exactly one.
        if self.panic > left + 1e-9 {
            return Err(ConfigError::new("panic", self.panic, format!("at most {left:.3}, what error and hang leave")));
        }
        if self.latency_max > DAY {
            return Err(ConfigError::new("latency_max", self.latency_max, "at most a day"));
        }
        if self.latency_min > self.latency_max {
            let range = format!("at most {:?}, which is latency_max", self.latency_max);
            return Err(ConfigError::new("latency_min", self.latency_min, range));
        }
        Ok(self)
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// A code by its name.
mod code {
    use kit_core::Code;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(code: &Code, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(code)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Code, D::Error> {
        let name = String::deserialize(from)?;
        name.parse().map_err(|_| D::Error::custom(format_args!("{name:?} is no code, such as \"Unavailable\"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_leaves_out_is_the_default_and_that_is_nothing() {
        let config: Config = toml::from_str("").unwrap();
        assert_eq!(config, Config::default());
        assert!(!config.enabled && config.latency + config.error + config.hang + config.panic == 0.0);
        assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
        assert!(toml::from_str::<Config>("errors = 1.0").unwrap_err().message().contains("unknown field `errors`"));
        assert!(toml::from_str::<Config>("error_code = \"Teapot\"").unwrap_err().message().contains("Teapot"));
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let default = Config::default();
        for (field, config) in [
            ("latency", Config { latency: 1.5, ..default }),
            ("error", Config { error: -0.1, ..default }),
            ("hang", Config { hang: f64::NAN, ..default }),
            ("panic", Config { panic: 2.0, ..default }),
            ("panic", Config { error: 0.5, hang: 0.4, panic: 0.2, ..default }),
            ("latency_max", Config { latency_max: Duration::MAX, ..default }),
            ("latency_min", Config { latency_min: Duration::from_secs(1), ..default }),
        ] {
            assert_eq!(config.check().unwrap_err().field(), field);
        }
        Config { error: 0.7, hang: 0.2, panic: 0.1, ..default }.check().unwrap();
    }
}
