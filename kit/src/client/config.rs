use std::time::Duration;

use kit_circuit::breaker::{self, OpenTime};
use kit_circuit::{budget, retry, timeout};
use kit_core::{Error, duration};
use kit_discovery::endpointer;
use kit_transport::http;
use serde::{Deserialize, Serialize};

/// The settings of a [`Client`](super::Client) and of everything in it, the same in code and in a service's file.
///
/// ```
/// use std::time::Duration;
///
/// use kit::client::Config;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Serialize, Deserialize)]
/// #[serde(default)]
/// struct Settings {
///     strings: Config,
/// }
///
/// let settings: Settings = kit::config::Loader::new("front")
///     .toml("front.toml", "strings = { attempt_timeout = '250ms', retry = { attempts = 2 } }")
///     .flags(["--strings-endpointer-drain", "3s"])
///     .load()?;
/// assert_eq!(settings.strings.attempt_timeout, Duration::from_millis(250));
/// assert_eq!((settings.strings.retry.attempts, settings.strings.endpointer.drain.as_secs()), (2, 3));
/// # Ok::<(), kit::config::Stop>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who may be called: what is made of a source that fails, who comes first, who is ejected, how those that are gone are drained.
    pub endpointer: endpointer::Config,
    /// How long a call may take, all its attempts together. Default what its caller allows, 30 s at most.
    pub deadline: timeout::Config,
    /// How often a call is tried, and how far apart. Default three times; the second goes to another instance.
    pub retry: retry::Config,
    /// How much may be repeated in all. Default a fifth of the calls, and 10 a second. Of a client that is given
    /// [another's budget](super::Builder::budget), that one's settings count.
    pub budget: budget::Config,
    /// How long one attempt may take. More than zero. Default 10 s, a third of the longest call: an instance that hangs leaves time for
    /// two others. Who knows how long an answer takes should say much less: it is what a hung instance costs a call.
    ///
    /// An answer that is a stream is an attempt to its end: who watches for longer takes the endpoint from
    /// `client.clone().remove(slot::AttemptTimeout)`, within [`deadline`](Self::deadline) still.
    #[serde(with = "duration")]
    pub attempt_timeout: Duration,
    /// When the breaker of an instance opens, and for how long. Default: as a [`breaker::Config`] does, but for a second each time. A
    /// breaker here bridges the moments; instances that fail for longer are [ejected](kit_discovery::ejection), which takes care that
    /// not all are, and after an outage of all of them the first that is back is to be found within two seconds. A table that is given
    /// is a `breaker::Config` with its own defaults, 5 s and growing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<breaker::Config>,
    /// The connections to an instance. They are HTTP's: a client over [another transport](super::Client::over) refuses them.
    pub connections: http::client::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpointer: endpointer::Config::default(),
            deadline: timeout::Config::default(),
            retry: retry::Config::default(),
            budget: budget::Config::default(),
            attempt_timeout: Duration::from_secs(10),
            breaker: None,
            connections: http::client::Config::default(),
        }
    }
}

impl Config {
    /// The settings of each instance's breaker.
    pub fn breaker(&self) -> breaker::Config {
        let second = Duration::from_secs(1);
        let open = OpenTime { first: second, factor: 1.0, max: second, ..OpenTime::default() };
        self.breaker.unwrap_or(breaker::Config { open, ..breaker::Config::default() })
    }
}

/// What a part refuses, by the name that the setting has here.
pub(super) fn within<E: Into<Error>>(part: &'static str) -> impl FnOnce(E) -> Error {
    move |refused| {
        let refused = refused.into();
        let line = format!("{part}.{}", refused.message());
        refused.with_message(line)
    }
}
