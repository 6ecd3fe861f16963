use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Beat, NoPulse, Watcher};
use crate::error::{Code, Error};
use crate::health::{Check, Limits};

/// What a steward is doing about its ward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Care {
    /// The ward runs.
    Running,
    /// It fell silent; it has been told to end and has not ended yet. One that blocks its thread stays here: a second one is
    /// not started beside it.
    Ending,
    /// It is gone, and starts again at this time.
    Pausing {
        /// When.
        until: Instant,
    },
    /// The steward was stopped, and the ward with it.
    Stopped,
}

/// How a ward is, for whoever wants to know; it keeps nothing running. Made by [`Steward::ward`](super::Steward::ward).
///
/// It is a [`Check`]: healthy while the ward runs and is heard.
#[derive(Clone, Debug)]
pub struct Ward(watch::Receiver<State>);

/// What the steward publishes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) care: Care,
    pub(super) restarts: u64,
    /// What it was last restarted for.
    pub(super) cause: Option<Error>,
    /// Of the ward that runs, or ran last.
    pub(super) watcher: Watcher,
}

impl Ward {
    /// Changes count from now on.
    pub(super) fn new(mut state: watch::Receiver<State>) -> Self {
        state.mark_unchanged();
        Self(state)
    }

    /// What is being done about it.
    pub fn care(&self) -> Care {
        self.0.borrow().care
    }

    /// How often it was started again.
    pub fn restarts(&self) -> u64 {
        self.0.borrow().restarts
    }

    /// What it was last restarted for: its own error, a panic, or a [`NoPulse`].
    pub fn cause(&self) -> Option<Error> {
        self.0.borrow().cause.clone()
    }

    /// The last pulse of the ward that runs, or ran last.
    pub fn last(&self) -> Option<Beat> {
        self.0.borrow().watcher.last()
    }

    /// Waits until something else is done about it than when this answered last, and says what. Of several changes nobody
    /// saw, the latest.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait loses no change.
    pub async fn changed(&mut self) -> Care {
        if self.0.changed().await.is_err() {
            // Stopped, and that was heard: nothing follows.
            std::future::pending::<()>().await;
        }
        self.0.borrow_and_update().care
    }

    /// How it is, as a result.
    ///
    /// # Errors
    /// `Unavailable` unless the ward runs and is heard; the cause is what it is, or was last, restarted for.
    pub fn check(&self) -> Result<(), Error> {
        let state = self.0.borrow();
        match (state.care, &state.cause) {
            (Care::Running, _) => state.watcher.check(),
            (Care::Stopped, _) | (_, None) => Err(Error::boundary(Code::Unavailable, NoPulse::Stopped)),
            (_, Some(cause)) => Err(Error::boundary(Code::Unavailable, cause.clone())),
        }
    }
}

/// It costs nothing, so no answer is served twice.
impl Check for Ward {
    async fn check(&self) -> Result<(), Error> {
        self.check()
    }

    fn limits(&self) -> Limits {
        Limits { cache: Duration::ZERO, ..Limits::default() }
    }
}
