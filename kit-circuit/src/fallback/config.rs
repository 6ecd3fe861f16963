use kit_core::Outcome;
use serde::{Deserialize, Serialize};

/// Which outcomes are answered by the fallback. A cancelled call never is: nobody waits for it.
///
/// ```
/// use kit_circuit::fallback::Config;
///
/// let config: Config = toml::from_str("timed_out = false")?;
/// assert_eq!(config, Config { timed_out: false, ..Config::default() });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The backend failed. Default true.
    pub backend_error: bool,
    /// The call's own time was up. Default true.
    pub timed_out: bool,
    /// A breaker, a limit or a bulkhead refused it. Default true: the time when nothing was tried is the cheapest one to
    /// fall back.
    pub rejected: bool,
    /// The service said no. Default false: that *is* the answer, and another one would be made up.
    pub business_error: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { backend_error: true, timed_out: true, rejected: true, business_error: false }
    }
}

impl Config {
    pub(super) fn covers(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::BackendError => self.backend_error,
            Outcome::TimedOut => self.timed_out,
            Outcome::Rejected => self.rejected,
            Outcome::BusinessError => self.business_error,
            Outcome::Success | Outcome::Cancelled => false,
        }
    }
}
