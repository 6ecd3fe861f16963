use std::time::Duration;

use kit_core::duration;
use serde::{Deserialize, Serialize};

use super::strategy::consecutive_in_range;
use crate::config::{ConfigError, above_zero, share, within};
use crate::or_none;

/// The largest window that is counted in calls.
pub(super) const MOST_CALLS: u32 = 1_024;
const MOST_PROBES: u16 = 1_000;
const SECOND: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3_600);

/// When a [`Breaker`](super::Breaker) opens, for how long, and what closes it. In a file, durations are written as people do
/// ([`kit_core::duration`]), and what is not wanted is `none`:
///
/// ```
/// use std::time::Duration;
///
/// use kit_circuit::breaker::{Config, OpenTime, Ratio, Window};
///
/// let config: Config = toml::from_str(r#"
///     consecutive = "none"
///     failures = { ratio = 0.25, min_calls = 50, window = { calls = 200 } }
///     open = { first = "1s", max = "1m" }
/// "#)?;
/// assert_eq!(config.consecutive, None);
/// assert_eq!(config.failures, Some(Ratio { ratio: 0.25, min_calls: 50, window: Window::Calls(200) }));
/// assert_eq!(config.open, OpenTime { max: Duration::from_secs(60), ..OpenTime::exponential(Duration::from_secs(1)) });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Opens on so many failures in a row, at least 1. Default 5: a backend that is down is known after five calls, and five in a
    /// row by bad luck take one failure in ten to come once in 100,000 calls.
    #[serde(with = "or_none")]
    pub consecutive: Option<u32>,
    /// Opens when too large a share of the calls fails. Default half of at least 20 calls in 10 s: what a row does not see.
    #[serde(with = "or_none")]
    pub failures: Option<Ratio>,
    /// Opens when too large a share of the calls is slow. Default none: what is slow differs from service to service.
    #[serde(with = "or_none")]
    pub slow: Option<Slow>,
    /// How long it stays open.
    pub open: OpenTime,
    /// What closes it.
    pub half_open: HalfOpen,
}

/// A share of the calls in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ratio {
    /// The share that opens, above 0 and at most 1. Default 0.5.
    pub ratio: f64,
    /// Fewer calls than this in the window open nothing: at least 1, and at most the window's calls. Default 20: half of three
    /// calls is no evidence.
    pub min_calls: u32,
    /// What is looked at. Default 10 s.
    pub window: Window,
}

/// A share of slow calls in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// A call that takes this long is slow, to its answer: a stream's length is not in it. More than zero, at most an hour. No default.
    #[serde(with = "duration")]
    pub over: Duration,
    /// The share that opens, above 0 and at most 1. Default 0.5.
    #[serde(default = "half")]
    pub ratio: f64,
    /// Fewer calls than this in the window open nothing: at least 1, and at most the window's calls. Default 20.
    #[serde(default = "twenty")]
    pub min_calls: u32,
    /// What is looked at. Default 10 s.
    #[serde(default)]
    pub window: Window,
}

/// The last calls that a share is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last so many, however old: 1 to 1,024.
    Calls(u32),
    /// Those of so long a time, which leave it by a tenth: 1 s to 1 h.
    Time(#[serde(with = "duration")] Duration),
}

/// How long a breaker stays open. Default 5 s at first, twice as long each time that it opens again, up to 300 s; longer by up to a
/// fifth by chance; and as the backend says, up to 300 s.
///
/// Once it has been closed for as long as it was last open, the next time is the first again: a backend that flaps is asked less and less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenTime {
    /// The first time. More than zero. Default 5 s.
    #[serde(with = "duration")]
    pub first: Duration,
    /// Each time is so many times the one before: 1 to 10. Default 2.
    pub factor: f64,
    /// The longest, before chance lengthens it. At least `first`. Default 300 s.
    #[serde(with = "duration")]
    pub max: Duration,
    /// Chance makes it longer by up to this share of it, so that callers do not all come back at once: 0 to 1. Default 0.2.
    pub jitter: f64,
    /// A failure that opens it and says when to come back ([`Retry::After`](kit_core::Retry)) is taken at its word, up to this; more than
    /// zero. Chance lengthens that too. Default 300 s; none takes nobody's word.
    #[serde(with = "duration::option")]
    pub told: Option<Duration>,
}

/// How a breaker finds out whether the backend is well again. Any failure, or a slow call where slow calls count, opens it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HalfOpen {
    /// Calls that may be out at once, 1 to 1,000. No more go than can still be needed: with 3 of each, exactly three. Default 1: the
    /// gentlest.
    pub probes: u16,
    /// Calls that must succeed, 1 to 1,000. Default 1: what was wrongly closed opens again for longer.
    pub successes: u16,
    /// Probes that are out for longer count as hung, and open it again. More than zero. Default 30 s: as long as a call may take
    /// by default. A breaker whose probes were all abandoned sends others.
    #[serde(with = "duration")]
    pub stay: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            consecutive: Some(5),
            failures: Some(Ratio::default()),
            slow: None,
            open: OpenTime::default(),
            half_open: HalfOpen::default(),
        }
    }
}

impl Default for Ratio {
    fn default() -> Self {
        Self { ratio: half(), min_calls: twenty(), window: Window::default() }
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::Time(10 * SECOND)
    }
}

impl Default for OpenTime {
    fn default() -> Self {
        Self { first: 5 * SECOND, factor: 2.0, max: 300 * SECOND, jitter: 0.2, told: Some(300 * SECOND) }
    }
}

impl Default for HalfOpen {
    fn default() -> Self {
        Self { probes: 1, successes: 1, stay: 30 * SECOND }
    }
}

impl Slow {
    /// Half of at least 20 calls in 10 s that take `over` or longer.
    pub fn over(over: Duration) -> Self {
        let Ratio { ratio, min_calls, window } = Ratio::default();
        Self { over, ratio, min_calls, window }
    }

    pub(super) fn ratio(self) -> Ratio {
        Ratio { ratio: self.ratio, min_calls: self.min_calls, window: self.window }
    }

    pub(super) fn check(self) -> Result<(), ConfigError> {
        if self.over.is_zero() || self.over > LONGEST {
            return Err(ConfigError::new("slow.over", self.over, "more than zero, and at most 1h"));
        }
        self.ratio().check("slow")
    }
}

impl OpenTime {
    /// Always this long: nothing is left to chance, and no backend is asked.
    pub fn fixed(time: Duration) -> Self {
        Self { first: time, factor: 1.0, max: time, jitter: 0.0, told: None }
    }

    /// This long at first, and the defaults for the rest.
    pub fn exponential(first: Duration) -> Self {
        Self { first, ..Self::default() }
    }
}

impl Config {
    /// What Go kit's breaker does: it opens on the sixth failure in a row, for 60 s, and lets one call through after that.
    ///
    /// # Source
    /// Go kit, `circuitbreaker/gobreaker.go`, with the defaults of sony/gobreaker 0.4.1.
    pub fn gobreaker() -> Self {
        Self {
            consecutive: Some(6),
            failures: None,
            slow: None,
            open: OpenTime::fixed(60 * SECOND),
            half_open: HalfOpen::default(),
        }
    }

    pub(super) fn check(self) -> Result<Self, ConfigError> {
        if let Some(limit) = self.consecutive {
            consecutive_in_range(limit)?;
        }
        if let Some(failures) = self.failures {
            failures.check("failures")?;
        }
        if let Some(slow) = self.slow {
            slow.check()?;
        }
        self.open.check()?;
        self.half_open.check()?;
        Ok(self)
    }

    /// Whether anything in it ever opens.
    pub(super) fn opens(&self) -> Result<(), ConfigError> {
        if self.consecutive.is_none() && self.failures.is_none() && self.slow.is_none() {
            let range = "set, or failures or slow: nothing would ever open the breaker";
            return Err(ConfigError::new("consecutive", format_args!("none"), range));
        }
        Ok(())
    }
}

impl Ratio {
    pub(super) fn check(self, of: &'static str) -> Result<(), ConfigError> {
        let [ratio, min_calls, window] = match of {
            "slow" => ["slow.ratio", "slow.min_calls", "slow.window"],
            _ => ["failures.ratio", "failures.min_calls", "failures.window"],
        };
        // A NaN is in no range.
        if !(self.ratio > 0.0 && self.ratio <= 1.0) {
            return Err(ConfigError::new(ratio, self.ratio, "above 0 and at most 1"));
        }
        let most = match self.window {
            Window::Calls(calls) if (1..=MOST_CALLS).contains(&calls) => calls,
            Window::Calls(calls) => return Err(ConfigError::new(window, calls, "1 to 1024 calls")),
            Window::Time(length) if (SECOND..=LONGEST).contains(&length) => u32::MAX,
            Window::Time(length) => return Err(ConfigError::new(window, length, "1s to 1h")),
        };
        match self.min_calls {
            0 => Err(ConfigError::new(min_calls, 0, "at least 1")),
            given if given > most => {
                Err(ConfigError::new(min_calls, given, format!("at most {most}, which is the window")))
            }
            _ => Ok(()),
        }
    }
}

impl OpenTime {
    fn check(self) -> Result<(), ConfigError> {
        above_zero("open.first", self.first)?;
        if self.max < self.first {
            let range = format!("at least {:?}, which is open.first", self.first);
            return Err(ConfigError::new("open.max", self.max, range));
        }
        within("open.factor", self.factor, 1.0..=10.0)?;
        share("open.jitter", self.jitter)?;
        if let Some(told) = self.told {
            above_zero("open.told", told)?;
        }
        Ok(())
    }
}

impl HalfOpen {
    fn check(self) -> Result<(), ConfigError> {
        within("half_open.probes", self.probes, 1..=MOST_PROBES)?;
        within("half_open.successes", self.successes, 1..=MOST_PROBES)?;
        above_zero("half_open.stay", self.stay).map(drop)
    }
}

fn half() -> f64 {
    0.5
}

fn twenty() -> u32 {
    20
}
