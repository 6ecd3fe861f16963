use std::time::Duration;

use kit_core::Layer;
use kit_core::order::{Placed, place};

use super::{Config, Deadline, Timeout};
use crate::config::{ConfigError, above_zero};

/// Gives every call a time limit.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer(Duration);

impl TimeoutLayer {
    /// Calls end within `limit`, or at their caller's deadline if that is earlier. A limit past the end of time is none.
    ///
    /// # Errors
    /// [`ConfigError`] for a limit of zero: no call could wait for anything.
    pub fn new(limit: Duration) -> Result<Self, ConfigError> {
        Ok(Self(above_zero("limit", limit)?))
    }
}

impl<E> Layer<E> for TimeoutLayer {
    type Service = Timeout<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Timeout::new(inner, self.0)
    }
}

/// Holds every call to the deadline that came with it, and to the bounds of a [`Config`]. The default is that
/// of the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeadlineLayer(Config);

impl DeadlineLayer {
    /// Calls end within these bounds.
    ///
    /// # Errors
    /// [`ConfigError`] for a bound of zero, and for a default above the maximum.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self(config.check()?))
    }
}

impl<E> Layer<E> for DeadlineLayer {
    type Service = Deadline<E>;

    fn layer(&self, inner: E) -> Self::Service {
        Deadline::new(inner, self.0)
    }
}

impl Placed for TimeoutLayer {
    type Place = place::Any;
}

impl Placed for DeadlineLayer {
    type Place = place::Any;
}
