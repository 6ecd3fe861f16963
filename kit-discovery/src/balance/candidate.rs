use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kit_core::{Gate, GateState, Instance, Outcome};
use tokio::time::Instant;

use super::clock::{Clock, nanos};
use super::hash::hash;
use super::load::{End, Reading};
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
    /// It does not pass its [checks](crate::check).
    FailsChecks,
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

impl Shared {
    /// The share of its calls that one of this age is to get.
    fn ramp_of(&self, age: u64) -> f64 {
        if age >= self.ramp {
            return 1.0;
        }
        (age as f64 / self.ramp as f64).max(self.ramp_from)
    }

    /// From when one that comes now is ramped up, beside those that came at `filled` into the empty set and were not: it gets what it
    /// would if they had been. After an outage of all, the first that is back is not to carry the others for the whole of their ramps.
    pub(super) fn newcomer_since(&self, now: u64, filled: u64) -> u64 {
        let share = self.ramp_from / self.ramp_of(now.saturating_sub(filled));
        if share >= 1.0 {
            return 0;
        }
        let ahead = if share > self.ramp_from { (share * self.ramp as f64) as u64 } else { 0 };
        now.saturating_sub(ahead)
    }
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
    pub(crate) fn described(&self, instance: Arc<Instance>) -> Self {
        Self { instance, ..self.clone() }
    }

    /// The instance.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// How it stands at `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        let at = self.shared.clock.at(now);
        if self.vitals.fails() {
            return Standing::FailsChecks;
        }
        if self.vitals.is_ejected(at) {
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

    /// The peak average of its latency, faded by `now`; `None` before its first call has ended, since it came or came back.
    pub fn latency(&self, now: Instant) -> Option<Duration> {
        self.reading(self.at(now)).latency.map(|nanos| Duration::from_nanos(nanos as u64))
    }

    /// The average share of its calls that failed, faded by `now`, in `[0.0, 1.0]`.
    pub fn failing(&self, now: Instant) -> f64 {
        self.reading(self.at(now)).failing
    }

    /// What a call to it is expected to cost at `now`, in seconds, with nothing else in flight: its latency, and the penalty of its
    /// failures. `None` before its first call has ended, and if none has for half of the [decay](super::Config::decay): what did badly
    /// and is avoided is called again to see, instead of being avoided until its worst has faded, which takes a minute from a second
    /// to the milliseconds of others.
    pub fn cost(&self, now: Instant) -> Option<f64> {
        self.cost_at(self.at(now)).map(|nanos| nanos / 1e9)
    }

    /// The roster's time, for [`cost_at`](Self::cost_at) of all its candidates.
    #[inline]
    pub(super) fn at(&self, now: Instant) -> u64 {
        self.shared.clock.at(now)
    }

    /// In nanoseconds.
    #[inline]
    pub(super) fn cost_at(&self, at: u64) -> Option<f64> {
        let reading = self.reading(at);
        let latency = reading.latency.filter(|_| !reading.stale)?;
        Some(latency + reading.failing * self.shared.penalty)
    }

    #[inline]
    fn reading(&self, at: u64) -> Reading {
        self.vitals.load().read(at, self.vitals.since(), self.shared.decay)
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    #[inline]
    pub(super) fn gate_state(&self, now: Instant) -> GateState {
        self.gate.as_ref().map_or(GateState::Open, |gate| gate.state(now))
    }

    #[inline]
    pub(super) fn is_out(&self, now: Instant) -> bool {
        self.vitals.is_out(|| self.shared.clock.at(now))
    }

    /// The share of its calls that it is to get, in `(0.0, 1.0]`.
    #[inline]
    pub(super) fn ramp_at(&self, now: Instant) -> f64 {
        if self.vitals.since() == 0 { 1.0 } else { self.ramp(self.shared.clock.at(now)) }
    }

    /// Whether it has been in since the first set, with no gate: what most are.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.gate.is_none() && self.vitals.was_never_out()
    }

    fn ramp(&self, at: u64) -> f64 {
        self.shared.ramp_of(at.saturating_sub(self.vitals.since()))
    }

    /// Counts a call in; false if it has left the set meanwhile, never to get another.
    #[inline]
    pub(super) fn begin(&self) -> bool {
        self.vitals.begin()
    }

    /// It does not pass its checks.
    pub(crate) fn fail_checks(&self) {
        self.vitals.fail();
    }

    /// It passes its checks again, and is ramped up.
    pub(crate) fn pass_checks(&self, now: Instant) {
        self.vitals.pass(self.shared.clock.at(now));
    }

    /// No call begins at it any more. It is in no set by now.
    pub(crate) fn leave(&self) {
        self.vitals.load().leave();
    }

    /// Calls may begin again; ramped up if it comes back `late`, beside others.
    pub(crate) fn come_back(&self, late: Option<Instant>) {
        self.vitals.load().stay();
        if let Some(now) = late {
            self.vitals.renew(self.shared.clock.at(now));
        }
    }

    /// Waits until no call is in flight, streams included, at one that has left.
    pub(crate) async fn drained(&self) {
        self.vitals.drained().await;
    }

    /// A call has ended at `now` that was in flight for `lasted`, and was answered after `took`.
    pub(super) fn end(&self, outcome: Outcome, lasted: Duration, took: Duration, now: Instant) {
        self.vitals.release();
        let end = match outcome {
            Outcome::Success | Outcome::BusinessError => End::Worked,
            Outcome::BackendError | Outcome::TimedOut => End::Failed,
            Outcome::Cancelled => End::Left,
            // It was never sent.
            Outcome::Rejected => return,
        };
        let Shared { clock, decay, ejector, .. } = &*self.shared;
        let (at, since) = (clock.at(now), self.vitals.since());
        let begun = at.saturating_sub(nanos(lasted));
        // What began before it was last out says nothing of it as it is now.
        if begun < since && since <= at {
            return;
        }
        self.vitals.load().end(end, at, nanos(took), since, *decay);
        if end != End::Left {
            ejector.note(&self.instance, &self.vitals, end == End::Failed, begun, at);
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
