use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Pulses, Restart, Rhythm, Watcher};
use crate::error::Error;

/// One sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Beat {
    /// When it was given.
    pub at: Instant,
    /// Its place among the pulses of its worker, from 1. A gap is pulses that nobody took.
    pub number: u64,
    /// How far the worker is: units of work begun, or the figure that it gives itself.
    pub progress: u64,
}

/// The worker's side: gives signs of life. Clones are one worker.
///
/// A pulse is stored over the one before and costs about a hundred nanoseconds, whoever listens or does not: it never waits,
/// never fails and holds no memory. Results go their own way, so no pulse can take the place of one.
///
/// When the last clone is dropped the worker counts as ended.
#[derive(Clone)]
pub struct Pulse(watch::Sender<Beat>);

impl Pulse {
    /// A worker that begins now.
    pub fn new() -> Self {
        // Number 0 is no pulse: it says since when the first is awaited.
        Self(watch::Sender::new(Beat { at: Instant::now(), number: 0, progress: 0 }))
    }

    /// A unit of work begins: a pulse, and one more of progress.
    pub fn unit(&self) {
        self.give(|progress| progress.saturating_add(1));
    }

    /// A pulse that says how far the work is: a row, an offset, a percentage.
    pub fn at(&self, progress: u64) {
        self.give(|_| progress);
    }

    /// A pulse that says "alive", and nothing of the work.
    pub fn beat(&self) {
        self.give(|progress| progress);
    }

    /// Pulses at an interval while the worker waits: see [`Rhythm::wait`]. The first comes after one interval.
    ///
    /// Half of the watcher's limit is a good interval: one pulse may be late.
    ///
    /// # Errors
    /// `InvalidArgument` for an interval of zero.
    pub fn every(&self, interval: Duration) -> Result<Rhythm, Error> {
        Rhythm::new(self.clone(), interval)
    }

    /// Whoever wants to hear the pulses. One that was given before counts as unheard.
    pub fn listen(&self) -> Pulses {
        Pulses::new(self.0.subscribe())
    }

    /// Whoever wants to know whether the worker is alive: it is, while no silence lasts as long as `limit`.
    ///
    /// # Errors
    /// `InvalidArgument` for a limit of zero.
    pub fn watch(&self, limit: Duration) -> Result<Watcher, Error> {
        if limit.is_zero() {
            return Err(Error::invalid_argument("the limit of a heartbeat's silence is zero"));
        }
        Ok(Watcher::new(self.0.subscribe(), limit))
    }

    /// A new worker and its watcher, of a steward.
    pub(super) fn watched(restart: &Restart) -> (Self, Watcher) {
        let pulse = Self::new();
        let watcher = Watcher::new(pulse.0.subscribe(), restart.silence).first_within(restart.first_pulse);
        (pulse, watcher)
    }

    fn give(&self, progress: impl FnOnce(u64) -> u64) {
        self.0.send_modify(|beat| {
            // Read inside: of two clones that give a pulse at once, the later one's time stays.
            beat.at = Instant::now();
            beat.number += 1;
            beat.progress = progress(beat.progress);
        });
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pulse").field(&*self.0.borrow()).finish()
    }
}
