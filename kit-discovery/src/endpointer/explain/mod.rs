//! What goes on, as data and as text.

mod table;

use std::time::Duration;

use kit_core::health::Status;
use kit_core::{Error, duration};
use serde::Serialize;
use tokio::time::Instant;

use super::overview::{Known, Link, Overview};
use crate::balance::{Candidate, Standing};
use crate::policy::NoInstances;
use crate::state::State;

/// What an [`Endpointer`](super::Endpointer) does at one time, for people: as JSON by serde, and as a table of text.
///
/// It is for operators: it names addresses, and what errors keep from callers. Durations have the three digits that matter, ids that
/// a registry gave are escaped in the text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The service, as the source calls it.
    pub service: String,
    /// Why a call that begins now would find nobody; none if it would find somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nobody: Option<String>,
    /// How many different sets discovery has given.
    pub generation: u64,
    /// How long ago the source last answered, if only that nothing has changed; none before its first answer.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub answered: Option<Duration>,
    /// How old the set may be: how long the source has been failing; zero while it works.
    #[serde(with = "duration")]
    pub age: Duration,
    /// What the source last failed with; none while it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Those that may be called, those on the way there, and those that drain, by id.
    pub instances: Vec<InstanceExplanation>,
}

/// One instance in an [`Explanation`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct InstanceExplanation {
    /// Its id.
    pub id: String,
    /// `host:port`.
    pub address: String,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Its share among those of one priority.
    pub weight: u32,
    /// Instances of the lowest number are called first.
    pub priority: u16,
    /// Whether discovery calls it healthy.
    pub healthy: bool,
    /// How far its channel is.
    pub channel: ChannelState,
    /// How it stands; none before it has a channel, and while that drains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<InstanceState>,
    /// Calls that were sent to it and have not ended, streams included.
    pub in_flight: u32,
    /// The peak average of its latency; none before its first call has ended.
    #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
    pub latency: Option<Duration>,
    /// The average share of its calls that failed, in `[0.0, 1.0]`.
    pub failing: f64,
}

/// How far a channel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChannelState {
    /// There is none yet, and the instance gets no calls.
    #[non_exhaustive]
    Making {
        /// The attempts that have failed.
        attempts: u32,
        /// What the last of them failed with.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// It is there, and the answer to the first check is not.
    Checking,
    /// It is there.
    Made,
    /// The instance has left the set, and its calls go on.
    #[non_exhaustive]
    Draining {
        /// For at most so long; none for ever.
        #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
        left: Option<Duration>,
    },
    /// It is being closed.
    Closing,
}

/// How an instance stands: a [`Standing`] as it is at one time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[non_exhaustive]
pub enum InstanceState {
    /// It may be called.
    In,
    /// It may be called, and is being ramped up.
    #[non_exhaustive]
    Ramping {
        /// This share, in `[0.0, 1.0]`, of what it would get.
        share: f64,
    },
    /// Its gate lets a few calls through, to find out.
    Probing,
    /// It does not pass its checks.
    #[non_exhaustive]
    FailsChecks {
        /// What the last check failed with.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// It is ejected.
    #[non_exhaustive]
    Ejected {
        /// For so long still.
        #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
        left: Option<Duration>,
        /// The how many-eth time in a row.
        times: u32,
    },
    /// Its gate refuses calls.
    #[non_exhaustive]
    Refused {
        /// For so long still, if anybody knows.
        #[serde(with = "duration::option", skip_serializing_if = "Option::is_none")]
        left: Option<Duration>,
    },
}

impl Explanation {
    pub(super) fn new(
        service: &str,
        state: &State,
        nobody: Option<NoInstances>,
        overview: &Overview,
        now: Instant,
    ) -> Self {
        let mut instances: Vec<_> = overview.members.iter().map(|known| InstanceExplanation::new(known, now)).collect();
        instances.sort_by(|one, other| one.id.cmp(&other.id));
        Self {
            service: service.to_owned(),
            nobody: nobody.map(|reason| line(&Error::from(reason))),
            generation: state.generation(),
            answered: state.answered_at().map(|at| short(now.saturating_duration_since(at))),
            age: short(state.age(now)),
            error: state.error().map(line),
            instances,
        }
    }
}

impl InstanceExplanation {
    fn new(known: &Known, now: Instant) -> Self {
        let (instance, candidate) = (&known.instance, known.candidate.as_deref());
        // One that drains has no standing: no call finds it.
        let called = candidate.filter(|_| matches!(known.link, Link::Made));
        Self {
            id: instance.id.to_string(),
            address: instance.address.to_string(),
            zone: instance.zone.as_deref().map(str::to_owned),
            weight: instance.weight,
            priority: instance.priority,
            healthy: instance.health == Status::Healthy,
            channel: ChannelState::new(&known.link, now),
            standing: called.map(|candidate| InstanceState::new(candidate, known.failing.as_ref(), now)),
            in_flight: candidate.map_or(0, Candidate::in_flight),
            latency: candidate.and_then(|candidate| candidate.latency(now)).map(short),
            failing: rounded(candidate.map_or(0.0, |candidate| candidate.failing(now))),
        }
    }
}

impl ChannelState {
    fn new(link: &Link, now: Instant) -> Self {
        match link {
            Link::Making { attempts, error } => Self::Making { attempts: *attempts, error: error.as_ref().map(line) },
            Link::Trying => Self::Checking,
            Link::Made => Self::Made,
            Link::Draining { until } => Self::Draining { left: left(*until, now) },
            Link::Closing => Self::Closing,
        }
    }
}

impl InstanceState {
    fn new(candidate: &Candidate, failing: Option<&Error>, now: Instant) -> Self {
        match candidate.standing(now) {
            Standing::In => Self::In,
            Standing::Ramping(share) => Self::Ramping { share: rounded(share) },
            Standing::Probing => Self::Probing,
            Standing::FailsChecks => Self::FailsChecks { error: failing.map(line) },
            Standing::Ejected { until, times } => Self::Ejected { left: left(until, now), times },
            Standing::Refused { until } => Self::Refused { left: left(until, now) },
        }
    }
}

fn left(until: Option<Instant>, now: Instant) -> Option<Duration> {
    until.map(|until| short(until.saturating_duration_since(now)))
}

/// To three digits: what is below says nothing to a person.
fn short(duration: Duration) -> Duration {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let mut unit = 1;
    while nanos / unit >= 1_000 {
        unit *= 10;
    }
    Duration::from_nanos(nanos - nanos % unit)
}

fn rounded(share: f64) -> f64 {
    (share * 1_000.0).round() / 1_000.0
}

/// What an error says, and what its causes add.
fn line(error: &Error) -> String {
    let mut line = error.message().to_owned();
    for cause in error.chain().map(ToString::to_string) {
        if !line.ends_with(&cause) {
            line = line + ": " + &cause;
        }
    }
    line
}
