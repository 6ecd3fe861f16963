use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, above_zero};

/// How a [`DeadlineLayer`](super::DeadlineLayer) bounds a call. In a file durations are written as people do
/// ([`kit_core::duration`]), and `none` is none:
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::timeout::Config;
///
/// let config: Config = toml::from_str(r#"
///     max = "1m"
///     default = "2500ms"
/// "#)?;
/// assert_eq!(config, Config { max: Some(Duration::from_secs(60)), default: Some(Duration::from_millis(2_500)) });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The longest a call may take, whatever its caller allows. More than zero. Default 30 s: longer than any answer a
    /// person waits for, and no caller can hold a call, and what it holds, for longer.
    #[serde(with = "duration::option")]
    pub max: Option<Duration>,
    /// How long a call may take whose caller says nothing. More than zero, at most `max`. Default none: `max` is all it has.
    #[serde(with = "duration::option")]
    pub default: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self { max: Some(Duration::from_secs(30)), default: None }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        if let Some(max) = self.max {
            above_zero("max", max)?;
        }
        if let Some(default) = self.default {
            above_zero("default", default)?;
            if let Some(max) = self.max.filter(|max| *max < default) {
                return Err(ConfigError::new("default", default, format!("at most {max:?}, which is max")));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn read(text: &str) -> Result<Config, String> {
        toml::from_str(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn what_a_file_leaves_out_is_the_default_and_none_switches_it_off() {
        assert_eq!(read("").unwrap(), Config::default());
        assert_eq!(read("max = \"none\"").unwrap(), Config { max: None, default: None });
        let config = Config { default: Some(SECOND), ..Default::default() };
        assert_eq!(read("default = \"1s\"").unwrap(), config);
    }

    #[test]
    fn a_setting_that_is_not_known_or_not_readable_is_refused_by_name() {
        assert!(read("maximum = \"1s\"").unwrap_err().contains("unknown field `maximum`"));
        let error = read("max = \"one second\"").unwrap_err();
        assert!(error.contains("\"one second\" is no duration"), "{error}");
        assert!(read("max = 30").unwrap_err().contains("30"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (max, default) in
            [(None, None), (Some(30 * SECOND), Some(SECOND / 4)), (None, Some(Duration::from_nanos(1)))]
        {
            let config = Config { max, default };
            assert_eq!(read(&toml::to_string(&config).unwrap()).unwrap(), config);
        }
        assert_eq!(toml::to_string(&Config::default()).unwrap(), "max = \"30s\"\ndefault = \"none\"\n");
    }

    #[test]
    fn a_setting_out_of_its_range_is_refused_by_name() {
        let message = |max, default| Config { max, default }.check().unwrap_err().to_string();
        assert_eq!(message(Some(Duration::ZERO), None), "max is 0ns, it must be more than zero");
        assert_eq!(message(None, Some(Duration::ZERO)), "default is 0ns, it must be more than zero");
        assert_eq!(message(Some(SECOND), Some(2 * SECOND)), "default is 2s, it must be at most 1s, which is max");
        Config { max: Some(SECOND), default: Some(SECOND) }.check().unwrap();
        Config { max: None, default: Some(2 * SECOND) }.check().unwrap();
    }
}
