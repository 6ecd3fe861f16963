//! The end of the writing thread.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::queue::Shared;

/// Owns the thread that writes a drain's lines: dropping it writes what is queued and ends the thread.
///
/// Keep it in `main`: it is dropped when `main` returns, and when `main` panics and unwinds. The drop waits at most for
/// [`Queue::patience`](super::Queue::patience); a thread that is then still stuck in its writer is left to the end of
/// the process. Lines logged after the drop are [counted as dropped](crate::Counters::dropped).
///
/// `std::process::exit` drops nothing, and neither does a program built with `panic = "abort"`: call
/// [`flush`](Self::flush) before the first, and see [`log_panics`](crate::log_panics) for the second.
#[must_use = "dropping the guard stops the thread that writes"]
pub struct Guard(Option<(Arc<Shared>, JoinHandle<()>)>);

impl Guard {
    pub(super) fn new(shared: Arc<Shared>, thread: JoinHandle<()>) -> Self {
        Self(Some((shared, thread)))
    }

    /// The guard of a logger without a thread: it has nothing to do.
    pub(crate) fn idle() -> Self {
        Self(None)
    }

    /// Waits until what was logged so far is written, at most for `patience`. Says whether it is.
    pub fn flush(&self, patience: Duration) -> bool {
        self.0.as_ref().is_none_or(|(shared, _)| shared.flush(patience))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some((shared, thread)) = self.0.take()
            && shared.close(shared.settings.patience)
        {
            // It has ended already, or is past its last wait.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
