use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::Pulse;
use crate::clock::later;
use crate::error::Error;

/// Gives a pulse at an interval while its worker waits. Made by [`Pulse::every`].
///
/// The pulses come from the worker's own waiting and from no task beside it: one that is stuck between two waits falls
/// silent, as it should.
#[derive(Debug)]
pub struct Rhythm {
    pulse: Pulse,
    ticks: Interval,
}

impl Rhythm {
    pub(super) fn new(pulse: Pulse, interval: Duration) -> Result<Self, Error> {
        if interval.is_zero() {
            return Err(Error::invalid_argument("the interval of a heartbeat is zero"));
        }
        let mut ticks = interval_at(later(Instant::now(), interval), interval);
        // After a long unit of work: one pulse at once, not all that were missed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { pulse, ticks })
    }

    /// Waits, on purpose: for the next job, for room to send a result. Pulses go on meanwhile and say that silence is
    /// expected.
    ///
    /// Do not wrap the work itself, or a unit of it that hangs will look alive.
    ///
    /// # Cancel safety
    /// As cancel safe as `future`, which is never dropped before its end except with the wait.
    pub async fn wait<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|task| {
            // Also where the future is always ready, so that a busy worker is heard as well.
            while self.ticks.poll_tick(task).is_ready() {
                self.pulse.beat();
            }
            future.as_mut().poll(task)
        })
        .await
    }

    /// The worker's pulse, for its units of work.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }
}
