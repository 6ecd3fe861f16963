use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

/// When an instance is taken out, for how long, and how many may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Failures in a row that take an instance out. At least 1. Default 5: fewer are chance in a service that fails now and then.
    pub in_a_row: u32,
    /// The share of failures in `window` that takes one out. Above 0.0, at most 1.0. Default 0.5.
    pub ratio: f64,
    /// Calls in `window` below which the share says nothing. At least 1. Default 20.
    pub min_calls: u32,
    /// What the share looks back on, in tenths of it. Also how long an instance has to stay in for one ejection to be forgotten. At
    /// least 10 ms. Default 10 s.
    #[serde(with = "duration")]
    pub window: Duration,
    /// How long the first ejection lasts; the second lasts twice as long, the third three times. More than zero. Default 5 s.
    #[serde(with = "duration")]
    pub base: Duration,
    /// The longest, chance included. At least 1.2 times `base`. Default 300 s.
    #[serde(with = "duration")]
    pub max: Duration,
    /// The share of the set that may be out at once, rounded down: of one instance none. Within 0.0 to 1.0; 0.0 ejects nobody. Default
    /// 0.5: where more fail, the cause is elsewhere.
    pub max_share: f64,
    /// Where fewer than this share of the set may be called, ejections are passed over. Within 0.0 to 1.0; 0.0 never does. Default 0.5.
    pub panic_below: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            in_a_row: 5,
            ratio: 0.5,
            min_calls: 20,
            window: Duration::from_secs(10),
            base: Duration::from_secs(5),
            max: Duration::from_secs(300),
            max_share: 0.5,
            panic_below: 0.5,
        }
    }
}

impl Config {
    /// This, if its settings are in their ranges.
    ///
    /// # Errors
    /// `InvalidArgument`, by the name of the setting.
    pub fn check(self) -> Result<Self, Error> {
        let refuse = |message: String| Err(Error::invalid_argument(message));
        for (field, given) in [("in_a_row", self.in_a_row), ("min_calls", self.min_calls)] {
            if given == 0 {
                return refuse(format!("{field} is 0, it must be at least 1"));
            }
        }
        if !(self.ratio > 0.0 && self.ratio <= 1.0) {
            return refuse(format!("ratio is {:?}, it must be above 0.0 and at most 1.0", self.ratio));
        }
        for (field, given) in [("max_share", self.max_share), ("panic_below", self.panic_below)] {
            if !(0.0..=1.0).contains(&given) {
                return refuse(format!("{field} is {given:?}, it must be within 0.0 to 1.0"));
            }
        }
        if self.window < Duration::from_millis(10) {
            return refuse(format!("window is {:?}, it must be at least 10ms", self.window));
        }
        if self.base.is_zero() {
            return refuse("base is 0ns, it must be more than zero".into());
        }
        if self.max < self.base.saturating_mul(6) / 5 {
            return refuse(format!(
                "max is {:?}, it must be at least 1.2 times {:?}, which is base",
                self.max, self.base
            ));
        }
        Ok(self)
    }
}
