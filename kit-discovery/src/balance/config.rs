use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use crate::ejection;

/// What a [`Roster`](super::Roster) makes of its instances, whichever balancer picks.
///
/// ```
/// use std::time::Duration;
///
/// use kit_discovery::balance::Config;
///
/// let config: Config = toml::from_str(r#"
///     zone = "eu-1a"
///     slow_start = "30s"
///     [ejection]
///     in_a_row = 3
/// "#)?;
/// assert_eq!((config.slow_start, config.ejection.in_a_row), (Duration::from_secs(30), 3));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the caller stands: instances of this zone are called first among those of one priority. Default none: all zones are
    /// alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The share of the zone's instances that has to be callable, or the calls spread over all zones. Within 0.0 to 1.0. Default 0.5:
    /// the few that are left would be buried.
    pub zone_share: f64,
    /// How long an instance that is new in a running set, or is back from an ejection, is ramped up; zero not at all. Default 10 s: pools
    /// and caches fill.
    #[serde(with = "duration")]
    pub slow_start: Duration,
    /// The share of its calls that it gets at first. Above 0.0, at most 1.0. Default 0.1.
    pub slow_start_from: f64,
    /// The age at which what is known of latency and failures has faded to 1/e. More than zero. Default 10 s, Finagle's.
    #[serde(with = "duration")]
    pub decay: Duration,
    /// What an instance that fails every call costs on top of its latency, in time; of one that fails some, that share. Default 1 s:
    /// above any usual latency, so that failing fast attracts nothing.
    #[serde(with = "duration")]
    pub failure_penalty: Duration,
    /// When instances that fail are out.
    pub ejection: ejection::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            zone: None,
            zone_share: 0.5,
            slow_start: Duration::from_secs(10),
            slow_start_from: 0.1,
            decay: Duration::from_secs(10),
            failure_penalty: Duration::from_secs(1),
            ejection: ejection::Config::default(),
        }
    }
}

impl Config {
    /// This, if its settings are in their ranges.
    ///
    /// # Errors
    /// `InvalidArgument`, by the name of the setting.
    pub fn check(self) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&self.zone_share) {
            let given = self.zone_share;
            return Err(Error::invalid_argument(format!("zone_share is {given:?}, it must be within 0.0 to 1.0")));
        }
        if !(self.slow_start_from > 0.0 && self.slow_start_from <= 1.0) {
            let given = self.slow_start_from;
            let range = "above 0.0 and at most 1.0";
            return Err(Error::invalid_argument(format!("slow_start_from is {given:?}, it must be {range}")));
        }
        if self.decay.is_zero() {
            return Err(Error::invalid_argument("decay is 0ns, it must be more than zero"));
        }
        self.ejection.check()?;
        Ok(self)
    }
}
