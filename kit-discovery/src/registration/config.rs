use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;

/// How a registration is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long announcing may take. More than zero. Default 5 s: a registry in the same place answers in milliseconds.
    #[serde(with = "duration")]
    pub announce: Duration,
    /// How long withdrawing may take. More than zero. Default 5 s: what a shutdown can spare.
    #[serde(with = "duration")]
    pub withdraw: Duration,
    /// The pauses between attempts to announce it again. Its longest stays well below half of the registry's own time limit.
    pub backoff: Backoff,
}

impl Default for Config {
    fn default() -> Self {
        Self { announce: Duration::from_secs(5), withdraw: Duration::from_secs(5), backoff: Backoff::default() }
    }
}

impl Config {
    pub(crate) fn check(self) -> Result<Self, Error> {
        for (name, value) in [("announce", self.announce), ("withdraw", self.withdraw)] {
            if value.is_zero() {
                return Err(Error::invalid_argument(format!("{name} is 0ns, it must be more than zero")));
            }
        }
        self.backoff.check()?;
        Ok(self)
    }
}
