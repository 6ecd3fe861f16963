//! When a closed breaker opens.

mod call;
mod consecutive;
mod failures;
mod lately;
mod recent;
mod slow;
mod timed;

pub(super) use call::nanos;
pub use call::{Call, Verdict};
pub use consecutive::ConsecutiveFailures;
pub(super) use consecutive::check as consecutive_in_range;
pub use failures::FailureRatio;
pub(super) use recent::Recent;
pub use slow::SlowCalls;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Config, Reason};

/// Decides when a closed breaker opens: it hears of every call that counts, and says so.
///
/// Strategies work together: a pair is one, and so are `()`, which never opens, and boxes and arcs of them. Every part of a pair hears
/// of every call; the first reason counts.
///
/// It is called on the path of every call, by many at once: it keeps its state in atomics and neither waits nor fails.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use kit_circuit::breaker::{BreakerLayer, Call, Config, Reason, Strategy, Verdict};
///
/// /// Opens on the hundredth failure ever, and again on every one after it.
/// #[derive(Default)]
/// struct Patience(AtomicU64);
///
/// impl Strategy for Patience {
///     fn record(&self, call: &Call) -> Option<Reason> {
///         let failures = (call.verdict() == Verdict::Failed).then(|| self.0.fetch_add(1, Ordering::Relaxed) + 1)?;
///         (failures >= 100).then_some(Reason::Other("out of patience"))
///     }
///
///     fn reset(&self, _number: u64) {}
/// }
///
/// let layer = BreakerLayer::with(Config::default(), Patience::default())?;
/// # Ok::<(), kit_circuit::ConfigError>(())
/// ```
pub trait Strategy: Send + Sync {
    /// Hears of one call that has ended; says why the breaker should open now. A success should not open it: that is good news.
    fn record(&self, call: &Call) -> Option<Reason>;

    /// Forgets what it has heard: the breaker has closed, and the next call's number is above `number`. It must not call the
    /// breaker.
    fn reset(&self, number: u64);

    /// A call that takes this long is slow. `None`, the default, if it does not look at the time that calls take: reading the clock
    /// costs each call more than all else here.
    fn slow_after(&self) -> Option<Duration> {
        None
    }
}

/// Never opens.
impl Strategy for () {
    fn record(&self, _call: &Call) -> Option<Reason> {
        None
    }

    fn reset(&self, _number: u64) {}
}

impl<A: Strategy, B: Strategy> Strategy for (A, B) {
    #[inline]
    fn record(&self, call: &Call) -> Option<Reason> {
        let first = self.0.record(call);
        let second = self.1.record(call);
        first.or(second)
    }

    fn reset(&self, number: u64) {
        self.0.reset(number);
        self.1.reset(number);
    }

    #[inline]
    fn slow_after(&self) -> Option<Duration> {
        match (self.0.slow_after(), self.1.slow_after()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

/// What holds a strategy is one.
macro_rules! by_pointer {
    ($($pointer:ty),*) => {$(
        impl<S: Strategy + ?Sized> Strategy for $pointer {
            fn record(&self, call: &Call) -> Option<Reason> {
                (**self).record(call)
            }

            fn reset(&self, number: u64) {
                (**self).reset(number);
            }

            fn slow_after(&self) -> Option<Duration> {
                (**self).slow_after()
            }
        }
    )*};
}

by_pointer!(Box<S>, Arc<S>);

/// The strategies of a [`Config`].
#[derive(Debug)]
pub(super) struct Configured {
    consecutive: ConsecutiveFailures,
    failures: FailureRatio,
    slow: SlowCalls,
}

impl Configured {
    /// Of a config that was checked.
    pub(super) fn new(config: &Config) -> Self {
        let new =
            Self { consecutive: ConsecutiveFailures::off(), failures: FailureRatio::off(), slow: SlowCalls::off() };
        new.set(config, 0, 0);
        new
    }

    /// Goes by another config; what was counted is kept. `at` is in nanoseconds.
    pub(super) fn set(&self, config: &Config, number: u64, at: u64) {
        self.consecutive.set(config.consecutive);
        self.failures.set(config.failures, number, at);
        self.slow.set(config.slow, number, at);
    }

    /// Whether it asks how long calls take.
    #[inline]
    pub(super) fn times(&self) -> bool {
        self.slow.is_on()
    }

    /// Whether it looks at the last so many calls, each of which then has a number of its own.
    #[inline]
    pub(super) fn numbers(&self) -> bool {
        self.failures.numbers() || self.slow.numbers()
    }

    /// What [`record`](Strategy::record) does for a call that worked while nobody times calls, with no more than that needs.
    #[inline]
    pub(super) fn worked(&self, number: impl FnOnce() -> u64, at: Instant, made: Instant) {
        self.consecutive.worked();
        self.failures.worked(number, at, made);
    }
}

impl Strategy for Configured {
    #[inline]
    fn record(&self, call: &Call) -> Option<Reason> {
        let consecutive = self.consecutive.record(call);
        let failures = self.failures.record(call);
        let slow = self.slow.record(call);
        consecutive.or(failures).or(slow)
    }

    fn reset(&self, number: u64) {
        self.consecutive.reset(number);
        self.failures.reset(number);
        self.slow.reset(number);
    }

    #[inline]
    fn slow_after(&self) -> Option<Duration> {
        self.slow.slow_after()
    }
}
