use std::path::PathBuf;
use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use super::parse::Format;

/// Which file is read, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The file: `*.json` or `*.toml`. It need not be there yet.
    pub path: PathBuf,
    /// How often it is looked at. More than zero. Default 1 s: sooner than who changed it by hand looks for the effect.
    #[serde(with = "duration", default = "second")]
    pub every: Duration,
}

fn second() -> Duration {
    Duration::from_secs(1)
}

impl Config {
    /// This file, looked at as often as usual.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), every: second() }
    }

    pub(super) fn check(self) -> Result<(Self, Format), Error> {
        if self.every.is_zero() {
            return Err(Error::invalid_argument("every is 0ns, it must be more than zero"));
        }
        match self.path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Ok((self, Format::Json)),
            Some("toml") => Ok((self, Format::Toml)),
            _ => Err(Error::invalid_argument(format!("path is {:?}, it must end in .json or .toml", self.path))),
        }
    }
}
