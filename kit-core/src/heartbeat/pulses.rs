use std::fmt;

use tokio::sync::watch;

use super::Beat;

/// Hears a worker's pulses. Made by [`Pulse::listen`](super::Pulse::listen).
///
/// It is a buffer of one: who comes late, or is slow, hears the latest of the pulses it missed, and from its number how many
/// those were.
#[derive(Clone)]
pub struct Pulses(watch::Receiver<Beat>);

impl Pulses {
    pub(super) fn new(mut beats: watch::Receiver<Beat>) -> Self {
        // A new receiver counts what is there as seen; here it is the one pulse that a late listener gets.
        if beats.borrow_and_update().number > 0 {
            beats.mark_changed();
        }
        Self(beats)
    }

    /// The next pulse not yet heard; of several, the latest. `None` once the worker has ended and its last was heard.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait takes no pulse.
    pub async fn next(&mut self) -> Option<Beat> {
        self.0.changed().await.ok()?;
        Some(*self.0.borrow_and_update())
    }
}

impl fmt::Debug for Pulses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pulses").field(&*self.0.borrow()).finish()
    }
}
