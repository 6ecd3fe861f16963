use std::sync::Arc;
use std::time::Duration;

use kit_core::order::{Placed, place};
use kit_core::{Layer, Observer};

use super::state::State;
use super::{Config, Deadline, Event, Timeout};
use crate::config::{ConfigError, above_zero};
use crate::counts::Counts;
use crate::tell::Tell;

/// Gives every call a time limit. Every endpoint it wraps shares the limit and the counts.
#[derive(Clone, Debug)]
pub struct TimeoutLayer {
    state: Arc<State>,
    tell: Tell<Event>,
}

impl TimeoutLayer {
    /// Calls end within `limit`, or at their caller's deadline if that is earlier. A limit past the end of time is none.
    ///
    /// # Errors
    /// [`ConfigError`] for a limit of zero: no call could wait for anything.
    pub fn new(limit: Duration) -> Result<Self, ConfigError> {
        Ok(Self { state: Arc::new(State::new(only(limit)?)), tell: Tell::default() })
    }

    /// Tells `observer` of calls that are given up on: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> TimeoutHandle {
        TimeoutHandle(Arc::clone(&self.state))
    }
}

impl<E> Layer<E> for TimeoutLayer {
    type Service = Timeout<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Timeout::new(inner, Arc::clone(&self.state), self.tell.clone())
    }
}

impl Placed for TimeoutLayer {
    type Place = place::Any;
}

/// Reads and changes a time limit while it runs. Clones are one handle.
#[derive(Clone, Debug)]
pub struct TimeoutHandle(Arc<State>);

impl TimeoutHandle {
    /// Changes the limit, for the calls that begin from now on. Counts go on.
    ///
    /// # Errors
    /// As [`TimeoutLayer::new`]; then nothing has changed.
    pub fn set(&self, limit: Duration) -> Result<(), ConfigError> {
        self.0.set(only(limit)?);
        Ok(())
    }

    /// The limit; [`Duration::MAX`] if it is past the end of time.
    pub fn limit(&self) -> Duration {
        self.0.max().unwrap_or(Duration::MAX)
    }

    /// The calls so far. Refused is none; those given up on have failed.
    pub fn stats(&self) -> Counts {
        self.0.calls.read()
    }

    /// Of those that failed, the ones that were given up on here.
    pub fn elapsed(&self) -> u64 {
        self.0.elapsed()
    }
}

/// Holds every call to the deadline that came with it, and to the bounds of a [`Config`]. Every endpoint it wraps shares
/// the bounds and the counts. The default is that of the configuration.
#[derive(Clone, Debug)]
pub struct DeadlineLayer {
    state: Arc<State>,
    tell: Tell<Event>,
}

impl DeadlineLayer {
    /// Calls end within these bounds.
    ///
    /// # Errors
    /// [`ConfigError`] for a bound of zero, and for a default above the maximum.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { state: Arc::new(State::new(config.check()?)), tell: Tell::default() })
    }

    /// Tells `observer` of calls that are given up on or come too late: on the endpoints that are wrapped after this.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.tell = Tell::new(observer);
        self
    }

    /// To read and to change it while it runs.
    pub fn handle(&self) -> DeadlineHandle {
        DeadlineHandle(Arc::clone(&self.state))
    }
}

impl Default for DeadlineLayer {
    fn default() -> Self {
        Self { state: Arc::new(State::new(Config::default())), tell: Tell::default() }
    }
}

impl<E> Layer<E> for DeadlineLayer {
    type Service = Deadline<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Deadline::new(inner, Arc::clone(&self.state), self.tell.clone())
    }
}

impl Placed for DeadlineLayer {
    type Place = place::Any;
}

/// Reads and changes the bounds of deadlines while they run. Clones are one handle.
#[derive(Clone, Debug)]
pub struct DeadlineHandle(Arc<State>);

impl DeadlineHandle {
    /// Changes the bounds, for the calls that begin from now on. Counts go on.
    ///
    /// # Errors
    /// As [`DeadlineLayer::new`]; then nothing has changed.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.set(config.check()?);
        Ok(())
    }

    /// The bounds.
    pub fn config(&self) -> Config {
        self.0.config()
    }

    /// The calls so far. Refused are those that came too late; those given up on have failed.
    pub fn stats(&self) -> Counts {
        self.0.calls.read()
    }

    /// Of those that failed, the ones that were given up on here.
    pub fn elapsed(&self) -> u64 {
        self.0.elapsed()
    }
}

/// A limit and no default.
fn only(limit: Duration) -> Result<Config, ConfigError> {
    Ok(Config { max: Some(above_zero("limit", limit)?), default: None })
}
