use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_core::{Gate, GateState, Instance, Outcome};
use tokio::time::Instant;

use super::clock::{Clock, nanos};
use super::hash::hash;
use super::load::End;
use super::vitals::Vitals;
use crate::ejection::Ejector;

/// What is the same for all candidates of one roster.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    /// Nanoseconds.
    pub(crate) ramp: u64,
    pub(crate) ramp_from: f64,
    /// Nanoseconds.
    pub(crate) decay: f64,
    /// Nanoseconds.
    pub(crate) penalty: f64,
    pub(crate) ejector: Ejector,
}

/// An instance that may be picked, with what is known of it: kept as long as the instance is in the set.
#[derive(Clone)]
pub struct Candidate {
    instance: Arc<Instance>,
    vitals: Arc<Vitals>,
    gate: Option<Arc<dyn Gate>>,
    shared: Arc<Shared>,
    /// Of its id.
    hash: u64,
}

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Standing {
    /// It may be called.
    In,
    /// It may be called, and is being ramped up: this share, in `[0.0, 1.0]`, of what it would get.
    Ramping(f64),
    /// Its gate lets a few calls through, to find out.
    Probing,
    /// It is ejected.
    #[non_exhaustive]
    Ejected {
        /// Until then.
        until: Option<Instant>,
        /// The how many-eth time in a row.
        times: u32,
    },
    /// Its gate refuses calls.
    #[non_exhaustive]
    Refused {
        /// Until then, if anybody knows.
        until: Option<Instant>,
    },
}

impl Candidate {
    pub(super) fn new(
        instance: Arc<Instance>,
        vitals: Arc<Vitals>,
        gate: Option<Arc<dyn Gate>>,
        shared: &Arc<Shared>,
    ) -> Self {
        let hash = hash(instance.id.as_bytes());
        Self { instance, vitals, gate, shared: Arc::clone(shared), hash }
    }

    /// The same one, as discovery describes it now.
    pub(super) fn described(&self, instance: Arc<Instance>) -> Self {
        Self { instance, ..self.clone() }
    }

    /// The instance.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// How it stands at `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        let at = self.shared.clock.at(now);
        if self.vitals.is_out(at) {
            let until = self.shared.clock.instant(self.vitals.since());
            return Standing::Ejected { until, times: self.vitals.record().times() };
        }
        match self.gate_state(now) {
            GateState::Refused { until } => Standing::Refused { until },
            GateState::Probing => Standing::Probing,
            GateState::Open => match self.ramp(at) {
                share if share < 1.0 => Standing::Ramping(share),
                _ => Standing::In,
            },
        }
    }

    /// Calls that were sent to it and have not ended.
    pub fn in_flight(&self) -> u32 {
        self.vitals.load().in_flight()
    }

    /// The peak average of its latency, faded by `now`; `None` before its first call has ended.
    pub fn latency(&self, now: Instant) -> Option<Duration> {
        let reading = self.vitals.load().read(self.shared.clock.at(now), self.shared.decay);
        reading.latency.map(|nanos| Duration::from_nanos(nanos as u64))
    }

    /// The average share of its calls that failed, faded by `now`, in `[0.0, 1.0]`.
    pub fn failing(&self, now: Instant) -> f64 {
        self.vitals.load().read(self.shared.clock.at(now), self.shared.decay).failing
    }

    /// What a call to it is expected to cost at `now`, in seconds, with nothing else in flight: its latency, and the penalty of its
    /// failures. `None` before its first call has ended.
    pub fn cost(&self, now: Instant) -> Option<f64> {
        self.cost_at(self.at(now))
    }

    /// The roster's time, for [`cost_at`](Self::cost_at) of all its candidates.
    #[inline]
    pub(super) fn at(&self, now: Instant) -> u64 {
        self.shared.clock.at(now)
    }

    #[inline]
    pub(super) fn cost_at(&self, at: u64) -> Option<f64> {
        let reading = self.vitals.load().read(at, self.shared.decay);
        reading.latency.map(|latency| (latency + reading.failing * self.shared.penalty) / 1e9)
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    #[inline]
    pub(super) fn gate_state(&self, now: Instant) -> GateState {
        self.gate.as_ref().map_or(GateState::Open, |gate| gate.state(now))
    }

    #[inline]
    pub(super) fn is_out(&self, now: Instant) -> bool {
        let since = self.vitals.since();
        since > 0 && self.shared.clock.at(now) < since
    }

    /// The share of its calls that it is to get, in `(0.0, 1.0]`.
    #[inline]
    pub(super) fn ramp_at(&self, now: Instant) -> f64 {
        if self.vitals.since() == 0 { 1.0 } else { self.ramp(self.shared.clock.at(now)) }
    }

    fn ramp(&self, at: u64) -> f64 {
        let age = at.saturating_sub(self.vitals.since());
        if age >= self.shared.ramp {
            return 1.0;
        }
        (age as f64 / self.shared.ramp as f64).max(self.shared.ramp_from)
    }

    pub(super) fn begin(&self) {
        self.vitals.load().begin();
    }

    /// A call that began then has ended now.
    pub(super) fn end(&self, outcome: Outcome, begun: Instant, now: Instant) {
        let load = self.vitals.load();
        load.release();
        let end = match outcome {
            Outcome::Success | Outcome::BusinessError => End::Worked,
            Outcome::BackendError | Outcome::TimedOut => End::Failed,
            Outcome::Cancelled => End::Left,
            // It was never sent.
            Outcome::Rejected => return,
        };
        let Shared { clock, decay, ejector, .. } = &*self.shared;
        let at = clock.at(now);
        load.end(end, at, nanos(now.saturating_duration_since(begun)), *decay);
        if end != End::Left {
            ejector.note(&self.instance, &self.vitals, end == End::Failed, clock.at(begun), at);
        }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("instance", &self.instance.id)
            .field("vitals", &self.vitals)
            .finish_non_exhaustive()
    }
}
