use std::time::Duration;

use kit_core::{Error, duration};
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;
use crate::policy::Policy;
use crate::{balance, check};

/// How an [`Endpointer`](super::Endpointer) makes, drains and closes channels, and what the sets it serves are.
///
/// ```
/// use std::time::Duration;
///
/// use kit_discovery::endpointer::Config;
///
/// let config: Config = toml::from_str(r#"
///     drain = "30s"
///     [balance]
///     zone = "eu-1a"
///     [check]
///     interval = "10s"
/// "#)?;
/// assert_eq!((config.drain, config.check.unwrap().healthy), (Duration::from_secs(30), 2));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long making one channel may take. More than zero. Default 3 s: three times what a connection may.
    #[serde(with = "duration")]
    pub make: Duration,
    /// How long the calls to an instance that has left may go on, streams included; what is left then is cut. Zero cuts at once.
    /// Default 10 s, what a server has to drain in.
    #[serde(with = "duration")]
    pub drain: Duration,
    /// How long closing one channel may take; then it is dropped as it is. More than zero. Default 3 s.
    #[serde(with = "duration")]
    pub close: Duration,
    /// The pauses between attempts to make one channel. Default 100 ms to 1 s: an instance that is back is called again within 2 s.
    pub backoff: Backoff,
    /// What is made of a failing source, and of a set that turns empty.
    pub policy: Policy,
    /// What is made of the instances: zones, slow start, ejection.
    pub balance: balance::Config,
    /// When instances are asked whether they are well; a [check](super::Builder::check) has to be given then. Default none: with a
    /// check that is [given](super::Builder::check), the defaults of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<check::Config>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            make: Duration::from_secs(3),
            drain: Duration::from_secs(10),
            close: Duration::from_secs(3),
            backoff: Backoff { first: Duration::from_millis(100), max: Duration::from_secs(1) },
            policy: Policy::default(),
            balance: balance::Config::default(),
            check: None,
        }
    }
}

impl Config {
    /// This, if its settings are in their ranges.
    ///
    /// # Errors
    /// `InvalidArgument`, by the name of the setting.
    pub fn check(self) -> Result<Self, Error> {
        for (field, given) in [("make", self.make), ("close", self.close)] {
            if given.is_zero() {
                return Err(Error::invalid_argument(format!("{field} is 0ns, it must be more than zero")));
            }
        }
        self.backoff.check()?;
        self.policy.check()?;
        Ok(Self { balance: self.balance.check()?, check: self.check.map(check::Config::check).transpose()?, ..self })
    }
}
