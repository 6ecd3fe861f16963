use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use kit_core::{Code, Error, Outcome, Retry, duration};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::Instant;

use crate::instances::Instances;
use crate::state::State;

/// What a consumer makes of a source that fails and of a set that turns empty: its own choice, whatever others make of the
/// same state.
///
/// ```
/// use std::time::Duration;
///
/// use kit_discovery::{Policy, Stale};
///
/// let policy: Policy = toml::from_str(r#"
///     stale = "10m"
///     empty_grace = "0s"
/// "#)?;
/// assert_eq!(policy, Policy { stale: Stale::ServeFor(Duration::from_secs(600)), empty_grace: Duration::ZERO });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long a set is served while its source fails. Default [`Stale::Serve`]: instances outlive the server that lists
    /// them, and one that is gone refuses calls by itself.
    pub stale: Stale,
    /// How long the last full set is served after the source said that nobody answers. Zero believes it at once. Default
    /// 30 s: a registry that lost its data is filled again by then.
    #[serde(with = "duration")]
    pub empty_grace: Duration,
}

/// How long a set is served while its source fails. In a file: `serve`, `fail`, or a duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stale {
    /// For as long as it fails.
    #[default]
    Serve,
    /// Until it has failed for so long. More than zero.
    ServeFor(Duration),
    /// Not at all: a failing source is nobody to call.
    Fail,
}

/// A consumer has nobody to call.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoInstances {
    /// Discovery has not answered yet.
    #[error("discovery has not answered yet")]
    #[non_exhaustive]
    Pending {
        /// What it has failed with so far, if it has.
        #[source]
        error: Option<Error>,
    },
    /// Discovery answered, and nobody is registered.
    #[error("no instances are registered")]
    Empty,
    /// Discovery fails, and its last good answer has passed the age limit.
    #[error("instances are stale, discovery has failed for {age:?}")]
    #[non_exhaustive]
    Stale {
        /// For how long it has been failing.
        age: Duration,
        /// What it last failed with.
        #[source]
        error: Error,
    },
    /// Instances are known, and no channel could be made to one yet: an endpointer says so.
    #[error("no instance is connected, of {instances} known")]
    #[non_exhaustive]
    NotConnected {
        /// How many are known.
        instances: usize,
        /// What making a channel last failed with, if it did.
        #[source]
        error: Option<Error>,
    },
    /// Instances are known, and none may be called: a balancer says so.
    #[error("all instances are out: {}", Out([*.ejected, *.failing, *.refused, *.declined]))]
    #[non_exhaustive]
    AllOut {
        /// How many are ejected.
        ejected: usize,
        /// How many do not pass their [checks](crate::check).
        failing: usize,
        /// How many of the others a [`Gate`](kit_core::Gate) refuses: a breaker's.
        refused: usize,
        /// How many of the others have [refused](kit_core::Attempts::record_refusal) an earlier attempt of this call.
        declined: usize,
        /// When the first may be called again, as far as is known.
        until: Option<Instant>,
    },
    /// The endpointer was closed.
    #[error("the endpointer is closed")]
    Closed,
}

/// Those that are out, without the kinds that nobody is.
struct Out([usize; 4]);

impl fmt::Display for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = ["ejected", "failing their checks", "refused by their gates", "refused this call already"];
        let some = self.0.into_iter().zip(kinds).filter(|(count, _)| *count > 0);
        for (index, (count, kind)) in some.enumerate() {
            write!(f, "{}{count} {kind}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl NoInstances {
    /// The [reason](Error::reason) of an error made of it: its kind, for programs.
    pub const REASON: &str = "no_endpoint";
}

impl Default for Policy {
    fn default() -> Self {
        Self { stale: Stale::Serve, empty_grace: Duration::from_secs(30) }
    }
}

impl Policy {
    pub(crate) fn check(self) -> Result<Self, Error> {
        match self.stale {
            Stale::ServeFor(limit) if limit.is_zero() => {
                Err(Error::invalid_argument("stale is 0ns, it must be more than zero, \"serve\" or \"fail\""))
            }
            _ => Ok(self),
        }
    }
}

impl State {
    /// What a consumer with this policy may call at `now`, and until when that holds if nothing else happens.
    pub(crate) fn serve(&self, policy: &Policy, now: Instant) -> (Result<Instances, NoInstances>, Option<Instant>) {
        let Some(set) = &self.instances else {
            return (Err(NoInstances::Pending { error: self.error.clone() }), None);
        };
        let mut stale_at = None;
        if let (Some(error), Some(since)) = (&self.error, self.failing_since) {
            stale_at = match policy.stale {
                Stale::Serve => None,
                // A limit past the end of time is none.
                Stale::ServeFor(limit) => since.checked_add(limit),
                Stale::Fail => Some(since),
            };
            if stale_at.is_some_and(|at| at <= now) {
                return (Err(NoInstances::Stale { age: self.age(now), error: error.clone() }), None);
            }
        }
        if !set.is_empty() {
            return (Ok(set.clone()), stale_at);
        }
        let empty_at = self.empty_since.and_then(|since| since.checked_add(policy.empty_grace));
        match &self.last_full {
            Some(full) if empty_at.is_none_or(|at| now < at) => {
                (Ok(full.clone()), [empty_at, stale_at].into_iter().flatten().min())
            }
            _ => (Err(NoInstances::Empty), stale_at),
        }
    }
}

/// `Unavailable`, reason [`no_endpoint`](NoInstances::REASON), rejected here. Nothing was sent; it is not to be tried again all the
/// same, so that a caller learns at once that nobody is there.
impl From<NoInstances> for Error {
    #[track_caller]
    fn from(error: NoInstances) -> Self {
        let message = error.to_string();
        Error::boundary(Code::Unavailable, error)
            .with_message(message)
            .with_reason(NoInstances::REASON)
            .with_outcome(Outcome::Rejected)
            .with_retry(Retry::Never)
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stale::Serve => f.write_str("serve"),
            Stale::ServeFor(limit) => duration::display(*limit).fmt(f),
            Stale::Fail => f.write_str("fail"),
        }
    }
}

impl Serialize for Stale {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stale {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        match &*text {
            "serve" => Ok(Stale::Serve),
            "fail" => Ok(Stale::Fail),
            limit => duration::parse(limit).map(Stale::ServeFor).map_err(|error| {
                serde::de::Error::custom(format_args!("{error}; it may be \"serve\", \"fail\" or a duration"))
            }),
        }
    }
}
