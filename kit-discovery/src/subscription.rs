use std::sync::Arc;

use kit_core::{Code, Error};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::instances::Instances;
use crate::policy::{NoInstances, Policy};
use crate::state::State;
use crate::view::View;

/// The reading end of a [`State`]: what is known is there at once, and what changes can be waited for.
///
/// A clone is a subscriber of its own. One that does not read holds nobody up, and misses nothing but what was superseded.
#[derive(Clone, Debug)]
pub struct Subscription {
    service: Arc<str>,
    state: watch::Receiver<State>,
}

/// The instancer has stopped: the state is its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("discovery has stopped")]
#[non_exhaustive]
pub struct Stopped;

impl Subscription {
    pub(crate) fn new(service: Arc<str>, mut state: watch::Receiver<State>) -> Self {
        // A first wait gives what is known, if anything is. If nothing is, the receiver has seen nothing either: what is
        // published from here on, even before the next line, is a change.
        let known = {
            let state = state.borrow();
            state.totals.answers + state.totals.failures > 0
        };
        if known {
            state.mark_changed();
        }
        Self { service, state }
    }

    /// A subscriber that has waited for nothing yet.
    pub(crate) fn renewed(&self) -> Self {
        Self::new(Arc::clone(&self.service), self.state.clone())
    }

    /// The service, as the source calls it.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// What is known now.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// What a consumer may call at `now`, without a copy of the state.
    pub(crate) fn serve(&self, policy: &Policy, now: Instant) -> (Result<Instances, NoInstances>, Option<Instant>) {
        self.state.borrow().serve(policy, now)
    }

    /// Waits for a state that this subscription has not waited for before, and gives the latest. The first wait gives what
    /// is known already, if anything is.
    ///
    /// A state is new when the set, the error or the entries that are skipped are others. Time alone makes none: for what a
    /// [`Policy`] makes of its passing, wait on a [`View`].
    ///
    /// # Errors
    /// [`Stopped`] once the instancer has stopped and its last state was given; no later call succeeds.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped wait loses no change.
    pub async fn changed(&mut self) -> Result<State, Stopped> {
        self.state.changed().await.map_err(|_| Stopped)?;
        Ok(self.state.borrow_and_update().clone())
    }

    /// Waits for the first set, be it empty, and gives the state that has it: at once if there is one.
    ///
    /// # Errors
    /// [`Stopped`] if the instancer stopped before it had one.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn ready(&self) -> Result<State, Stopped> {
        let mut state = self.state.clone();
        let ready = state.wait_for(|state| state.instances.is_some()).await;
        ready.map(|state| state.clone()).map_err(|_| Stopped)
    }

    /// Waits until the instancer has stopped.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn stopped(&self) {
        let mut state = self.state.clone();
        while state.changed().await.is_ok() {}
    }

    /// Whether the instancer has stopped.
    pub fn is_stopped(&self) -> bool {
        self.state.has_changed().is_err()
    }

    /// The set as a consumer with this policy may use it.
    ///
    /// # Errors
    /// `InvalidArgument` for a policy out of its range, by the name of the setting.
    pub fn view(self, policy: Policy) -> Result<View, Error> {
        View::new(self, policy)
    }
}

/// `Unavailable`.
impl From<Stopped> for Error {
    #[track_caller]
    fn from(stopped: Stopped) -> Self {
        Error::boundary(Code::Unavailable, stopped).with_message("discovery has stopped")
    }
}
