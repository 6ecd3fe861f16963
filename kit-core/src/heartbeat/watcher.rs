use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{Beat, NoPulse};
use crate::clock::later;
use crate::error::{Code, Error};
use crate::health::{Check, Limits};

/// Whether a worker lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vital {
    /// Its last pulse is younger than the limit.
    Alive,
    /// It has given no pulse for as long as the limit, or longer.
    Silent,
    /// It is gone: every clone of its [`Pulse`](super::Pulse) was dropped.
    Ended,
}

/// Turns silence into a state. Made by [`Pulse::watch`](super::Pulse::watch).
///
/// It is no task: the state is worked out from the time of the last pulse whenever it is asked for, so it is never behind, and
/// nobody needs to poll it. It is a [`Check`]: hand a clone to [`Health`](crate::Health).
///
/// ```
/// use std::time::Duration;
/// use kit_core::Health;
/// use kit_core::health::Probe;
/// use kit_core::heartbeat::Pulse;
///
/// # fn main() -> Result<(), kit_core::Error> {
/// let pulse = Pulse::new();
/// let health = Health::new();
/// health.add(Probe::Liveness, "consumer", pulse.watch(Duration::from_secs(10))?)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Watcher {
    beats: watch::Receiver<Beat>,
    limit: Duration,
    first: Duration,
    /// What [`changed`](Self::changed) last answered.
    seen: Vital,
}

impl Watcher {
    pub(super) fn new(beats: watch::Receiver<Beat>, limit: Duration) -> Self {
        Self { beats, limit, first: limit, seen: Vital::Alive }
    }

    /// The same watcher with another limit for the first pulse, for a worker that starts slowly. Default: the limit.
    pub fn first_within(mut self, limit: Duration) -> Self {
        self.first = limit;
        self
    }

    /// Whether the worker lives, now. Reads the clock.
    pub fn vital(&self) -> Vital {
        if self.beats.is_closed() {
            Vital::Ended
        } else if self.silence() >= self.limit() {
            Vital::Silent
        } else {
            Vital::Alive
        }
    }

    /// The last pulse, if there was one.
    pub fn last(&self) -> Option<Beat> {
        Some(self.beat()).filter(|beat| beat.number > 0)
    }

    /// Time since the last pulse, or since the worker began if there was none.
    pub fn silence(&self) -> Duration {
        self.beat().at.elapsed()
    }

    /// Waits until the worker is in another state than this answered last, and says which; the first answer is one other
    /// than [`Vital::Alive`]. Of several changes nobody saw, the latest.
    ///
    /// Silence is noticed when the limit passes; that a worker is gone at once if it was silent before, else by then as well.
    /// It never ends once it has said [`Vital::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait loses no change.
    pub async fn changed(&mut self) -> Vital {
        loop {
            let vital = self.vital();
            if vital != self.seen {
                self.seen = vital;
                return vital;
            }
            match vital {
                Vital::Alive => self.may_be_silent().await,
                // Its end shows in the state.
                Vital::Silent => _ = self.beats.changed().await,
                Vital::Ended => std::future::pending().await,
            }
        }
    }

    /// The state as a result.
    ///
    /// # Errors
    /// `Unavailable` unless the worker is alive; the cause is a [`NoPulse`].
    pub fn check(&self) -> Result<(), Error> {
        match self.vital() {
            Vital::Alive => Ok(()),
            Vital::Silent => Err(self.no_pulse()),
            Vital::Ended => Err(Error::boundary(Code::Unavailable, NoPulse::Ended)),
        }
    }

    /// Waits for a silence, also of a worker that gave its pulse away: whether that is gone is known by its task.
    pub(super) async fn silent(&self) -> Error {
        while self.silence() < self.limit() {
            self.may_be_silent().await;
        }
        self.no_pulse()
    }

    /// Waits until the limit would have passed without another pulse.
    ///
    /// By the clock alone: a worker of a million units a second would wake this as often, and one that blocks its thread after
    /// a pulse would block what that pulse woke there.
    async fn may_be_silent(&self) {
        let Beat { at, number, .. } = self.beat();
        let passed = later(at, self.limit());
        // From the first pulse on another limit counts, perhaps a shorter one; that cannot pass before this.
        let next = if number == 0 { passed.min(later(Instant::now(), self.limit)) } else { passed };
        sleep_until(next).await;
    }

    fn no_pulse(&self) -> Error {
        let Beat { number, progress, .. } = self.beat();
        let silent = NoPulse::Silent { silence: self.silence(), limit: self.limit(), pulses: number, progress };
        Error::boundary(Code::Unavailable, silent)
    }

    /// Copied out: nobody holds the worker up by holding a borrow.
    fn beat(&self) -> Beat {
        *self.beats.borrow()
    }

    fn limit(&self) -> Duration {
        if self.beat().number == 0 { self.first } else { self.limit }
    }
}

/// It costs nothing, so no answer is served twice: silence shows when it is one.
impl Check for Watcher {
    async fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn limits(&self) -> Limits {
        Limits { cache: Duration::ZERO, ..Limits::default() }
    }
}
