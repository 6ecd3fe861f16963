//! What can be set about the lines.

use std::collections::HashMap;

use crate::error::RegisterError;
use crate::registry::Registry;
use crate::statsd::lines::Writer;
use crate::statsd::memory::Memory;
use crate::statsd::sink::Target;
use crate::statsd::{Counts, DATAGRAM, Statsd};

/// How labels are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tags {
    /// Label values follow the name, after dots: for daemons without tags.
    #[default]
    Plain,
    /// `|#name:value,name:value`: for DogStatsD, and Telegraf or Vector told to read it.
    Datadog,
}

/// How the observations of a histogram are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observations {
    /// Count and sum as counters, quantiles of the interval as gauges: a few lines whatever the traffic.
    #[default]
    Quantiles,
    /// A `|ms` line for each observation, times in milliseconds, so that the daemon computes quantiles over many
    /// processes; with [`Tags::Datadog`] a `|h` line where the unit is no time. The value is the observation's place in its bucket, evenly
    /// spread. Beyond a thousand in a series and interval they are sampled, and say so. Set a rate below that with
    /// [`StatsdBuilder::sample`].
    Timings,
}

/// A setting of the backend is not usable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsdError {
    /// The prefix holds something other than letters, digits, `_`, `-` and `.`.
    #[error("prefix {0:?} holds what a name may not")]
    Prefix(String),
    /// A tag is empty, holds what a tag may not, or there are tags without a style that has them.
    #[error("tag {0:?} is empty, holds what a tag may not, or plain StatsD has none")]
    Tag(String),
    /// Datagrams are smaller than 128 bytes or larger than 65,467.
    #[error("datagrams of {0} bytes: from 128 to 65467 are possible")]
    Datagram(usize),
    /// A rate is not in `(0.0, 1.0]`.
    #[error("rate {rate} for {name:?} is not above 0 and at most 1")]
    Rate {
        /// The family.
        name: String,
        /// The rate given.
        rate: f64,
    },
    /// The backend's own counters cannot be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// Settings of a [`Statsd`]; made by [`Statsd::udp`] and its like.
#[derive(Debug)]
#[must_use = "nothing is sent until it is built and reported to"]
pub struct StatsdBuilder {
    target: Target,
    prefix: String,
    tags: Tags,
    common: Vec<(String, String)>,
    observations: Observations,
    datagram: usize,
    rates: HashMap<String, f64>,
}

impl StatsdBuilder {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            prefix: String::new(),
            tags: Tags::default(),
            common: Vec::new(),
            observations: Observations::default(),
            datagram: DATAGRAM,
            rates: HashMap::new(),
        }
    }

    /// What stands before every name, and a dot. Default: nothing.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How labels are written. Default: [`Tags::Plain`], which every daemon reads.
    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }

    /// A tag on every line, such as the environment; only with [`Tags::Datadog`].
    pub fn tag(mut self, name: &str, value: &str) -> Self {
        self.common.push((name.into(), value.into()));
        self
    }

    /// How histograms are written. Default: [`Observations::Quantiles`].
    pub fn observations(mut self, observations: Observations) -> Self {
        self.observations = observations;
        self
    }

    /// Bytes of a datagram at most. Default: [`DATAGRAM`]; 508 passes every network, 8,932 suits jumbo frames, a Unix
    /// socket takes more.
    pub fn datagram(mut self, bytes: usize) -> Self {
        self.datagram = bytes;
        self
    }

    /// Sends this share, in `(0.0, 1.0]`, of what a counter counts or a histogram's [timings](Observations::Timings)
    /// hold, marked `|@rate`, so that the daemon multiplies it back. What is left over one flush counts for the next:
    /// over time the daemon is off by less than one sent unit. Default: 1.0, everything, unmarked.
    pub fn sample(mut self, name: &str, rate: f64) -> Self {
        self.rates.insert(name.into(), rate);
        self
    }

    /// Checks the settings, and registers the backend's own counters.
    ///
    /// # Errors
    /// A setting is not usable. That a daemon cannot be reached is none: it may come.
    pub fn build(self, registry: &Registry) -> Result<Statsd, StatsdError> {
        let allowed = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if !allowed(&self.prefix) {
            return Err(StatsdError::Prefix(self.prefix));
        }
        if let Some((name, _)) = self.common.iter().find(|(name, value)| {
            self.tags == Tags::Plain || [name, value].iter().any(|text| text.is_empty() || !allowed(text))
        }) {
            return Err(StatsdError::Tag(name.clone()));
        }
        if !(128..=65_467).contains(&self.datagram) {
            return Err(StatsdError::Datagram(self.datagram));
        }
        if let Some((name, rate)) = self.rates.iter().find(|(_, rate)| !(**rate > 0.0 && **rate <= 1.0)) {
            return Err(StatsdError::Rate { name: name.clone(), rate: *rate });
        }
        Ok(Statsd {
            writer: Writer::new(&self.prefix, self.tags, &self.common, self.observations, self.rates),
            memory: Memory::default(),
            target: self.target,
            datagram: self.datagram,
            counts: Counts::new(registry)?,
        })
    }
}
