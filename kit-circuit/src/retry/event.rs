use std::time::Duration;

use kit_core::{Error, Method};

use super::Why;

/// What an observer of retries hears of. Of a call that succeeds at once, nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An attempt failed, and another will follow.
    Again {
        /// What is being called.
        method: Option<&'static Method>,
        /// How many attempts have failed, from 1.
        failed: u32,
        /// How long it waits before the next.
        pause: Duration,
        /// What the last one failed with.
        error: Error,
    },
    /// The call failed, though it was repeated or might have been.
    GaveUp {
        /// What was being called.
        method: Option<&'static Method>,
        /// How many attempts have failed, from 1.
        failed: u32,
        /// Why there is no other.
        why: Why,
        /// What the last one failed with.
        error: Error,
    },
}
