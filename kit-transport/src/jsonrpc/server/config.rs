use std::ops::RangeInclusive;

use kit_core::Error;
use serde::{Deserialize, Serialize};

/// The settings of a [`Dispatcher`](super::Dispatcher), the same in code and in a file.
///
/// ```
/// use kit_transport::jsonrpc::server::Config;
///
/// let in_code = Config { max_batch: 20, ..Config::default() };
/// let in_a_file: Config = serde_json::from_str(r#"{"max_batch":20}"#)?;
/// assert_eq!(in_code, in_a_file);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many requests a batch may have, `[1, 10000]`. Default 100: a batch passes a limit on exchanges as one, so that it must
    /// not be worth thousands.
    pub max_batch: usize,
    /// How many calls of one batch run at once, `[1, 1000]`. Default 8: a caller who puts its calls in one gains on the way, and
    /// takes no more of the service at a time than eight who call one by one.
    pub max_concurrent: usize,
    /// Whether a request that names no version, or an empty one, is read as one of 2.0. Default false: the specification has it
    /// there, exactly. For callers who leave it out, such as Go kit's client, which writes `"jsonrpc":""`.
    pub unversioned: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_batch: 100, max_concurrent: 8, unversioned: false }
    }
}

impl Config {
    pub(super) fn check(&self) -> Result<(), Error> {
        within("max_batch", self.max_batch, 1..=10_000)?;
        within("max_concurrent", self.max_concurrent, 1..=1_000)
    }
}

fn within(field: &str, value: usize, range: RangeInclusive<usize>) -> Result<(), Error> {
    if range.contains(&value) {
        return Ok(());
    }
    let line = format!("{field} is {value}, outside [{}, {}]", range.start(), range.end());
    Err(Error::invalid_argument(line).with_reason("bad_config"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_the_same_in_a_file() {
        Config::default().check().unwrap();
        assert_eq!(serde_json::from_str::<Config>("{}").unwrap(), Config::default());
        assert!(serde_json::from_str::<Config>(r#"{"max_bach":1}"#).is_err());
    }

    #[test]
    fn a_setting_out_of_range_is_refused_by_name_and_range() {
        for (config, line) in [
            (Config { max_batch: 0, ..Config::default() }, "max_batch is 0, outside [1, 10000]"),
            (Config { max_batch: 10_001, ..Config::default() }, "max_batch is 10001, outside [1, 10000]"),
            (Config { max_concurrent: 0, ..Config::default() }, "max_concurrent is 0, outside [1, 1000]"),
            (Config { max_concurrent: 1_001, ..Config::default() }, "max_concurrent is 1001, outside [1, 1000]"),
        ] {
            let error = config.check().unwrap_err();
            assert_eq!((error.message(), error.reason()), (line, Some("bad_config")));
        }
    }
}
