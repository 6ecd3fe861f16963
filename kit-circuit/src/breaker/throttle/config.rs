use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, share, within};

/// How a [`Throttle`](super::Throttle) counts, and how much it lets through.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// So many times what the backend accepts is sent to it, 1 to 100. Default 2, which is the book's: for each call that is accepted one is
    /// rejected over there. Closer to 1 spares the backend, and sees later that it is well.
    pub k: f64,
    /// What is looked at: 1 s to 1 h; it moves by a tenth. Default 2 min, which is the book's.
    #[serde(with = "duration")]
    pub window: Duration,
    /// The largest chance that a call is refused here, 0 to 1. Default 0.99: through a total outage one call in a hundred still finds out
    /// whether it is over, where the formula alone would send about one in each window.
    pub most: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { k: 2.0, window: Duration::from_secs(120), most: 0.99 }
    }
}

impl Config {
    pub(super) fn check(self) -> Result<Self, ConfigError> {
        within("k", self.k, 1.0..=100.0)?;
        within("window", self.window, Duration::from_secs(1)..=Duration::from_secs(3_600))?;
        share("most", self.most)?;
        Ok(self)
    }
}
