use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use kit_core::duration;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigError, above_zero, within};

/// How long an attempt runs before the next is sent: in a file `50ms`, or `p95`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Delay {
    /// So long. More than zero: what is sent at once is [`replicate`](crate::replicate)d.
    Fixed(Duration),
    /// As long as this share of the calls take, in percent, `[50.0, 99.9]`: measured while it runs, over the last one or two
    /// thousand first attempts that were answered, to a sixteenth. An attempt that lost counts with the time it had, which is
    /// above the percentile as it would have been itself. Until a hundred are known, nothing is hedged.
    Percentile(f64),
}

/// The 95th percentile.
impl Default for Delay {
    fn default() -> Self {
        Self::Percentile(95.0)
    }
}

impl Delay {
    pub(super) fn check(self) -> Result<(), ConfigError> {
        match self {
            Delay::Fixed(delay) => above_zero("delay", delay).map(drop),
            Delay::Percentile(percent) => within("delay", percent, 50.0..=99.9).map(drop),
        }
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delay::Fixed(delay) => duration::display(*delay).fmt(f),
            Delay::Percentile(percent) => write!(f, "p{percent}"),
        }
    }
}

/// A text that is no [`Delay`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a percentile such as \"p95\" nor a duration such as \"50ms\"")]
pub struct ParseDelayError(String);

impl FromStr for Delay {
    type Err = ParseDelayError;

    fn from_str(text: &str) -> Result<Self, ParseDelayError> {
        let read = match text.strip_prefix('p') {
            Some(percent) => percent.parse().ok().map(Delay::Percentile),
            None => duration::parse(text).ok().map(Delay::Fixed),
        };
        read.ok_or_else(|| ParseDelayError(text.to_owned()))
    }
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Delay;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a percentile such as \"p95\" or a duration such as \"50ms\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Delay, E> {
        text.parse().map_err(E::custom)
    }
}
