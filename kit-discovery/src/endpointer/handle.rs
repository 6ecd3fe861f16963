use std::fmt;
use std::sync::Arc;

use kit_core::{Channel, Error, Factory};
use tokio::sync::watch;
use tokio::time::Instant;

use super::overview::{Overview, Phase};
use super::{BalanceLayer, Builder, Explanation};
use crate::balance::{Balancer, Roster};
use crate::policy::NoInstances;
use crate::state::State;
use crate::subscription::{Stopped, Subscription};
use crate::view::View;

/// The channels to the instances of a service: made, kept, drained and closed as discovery says.
///
/// A clone is the same one, and so is what its [layers](Self::layer) have wrapped: when the last of them is dropped, the calls that
/// still run are drained and all channels closed, in the background, as far as the runtime lasts. A shutdown calls
/// [`close`](Self::close), which waits for that.
pub struct Endpointer<C>(Arc<Inner<C>>);

struct Inner<C> {
    roster: Arc<Roster<Arc<C>>>,
    view: View,
    overview: watch::Receiver<Overview>,
    /// Told or dropped, it ends the task.
    end: watch::Sender<bool>,
}

impl<C: Channel> Endpointer<C> {
    /// Of the instances that `subscription` is told of, with channels that `factory` makes.
    pub fn of<F: Factory<Channel = C> + 'static>(subscription: Subscription, factory: F) -> Builder<F> {
        Builder::new(subscription, factory)
    }

    pub(super) fn new(
        roster: Arc<Roster<Arc<C>>>,
        view: View,
        overview: watch::Receiver<Overview>,
        end: watch::Sender<bool>,
    ) -> Self {
        Self(Arc::new(Inner { roster, view, overview, end }))
    }

    /// Waits until somebody may be called: at once if somebody may. How long that is worth waiting is the caller's to say, by a
    /// timeout round it.
    ///
    /// # Errors
    /// `Unavailable` if that will never be: discovery has stopped with nobody to call, its cause [`Stopped`]; or this was closed,
    /// its cause [`NoInstances::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn ready(&self) -> Result<(), Error> {
        let mut overview = self.0.overview.clone();
        let phase = overview.wait_for(|overview| overview.phase != Phase::Waiting).await.map(|overview| overview.phase);
        match phase {
            Ok(Phase::Usable) => Ok(()),
            Ok(Phase::Stopped) => Err(Stopped.into()),
            // Without its task it is closed too: the runtime has ended.
            _ => Err(NoInstances::Closed.into()),
        }
    }

    /// Balances endpoints over it: each call is one pick of `balancer`. What it wraps is a method's view on a channel, with the
    /// layers that each instance is to have round it, called with a [`Routed`](kit_core::Routed).
    ///
    /// Endpoints of one layer share the balancer.
    pub fn layer<B: Balancer>(&self, balancer: B) -> BalanceLayer<C, B> {
        BalanceLayer::new(self.clone(), balancer)
    }

    /// Drains the calls that run and closes all channels, within [`Config::drain`](super::Config::drain) and
    /// [`Config::close`](super::Config::close). A call that begins after this finds [`NoInstances::Closed`]. To close it again waits for
    /// the same end.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the rest to go on in the background.
    pub async fn close(&self) {
        self.0.end.send_replace(true);
        let mut overview = self.0.overview.clone();
        while overview.changed().await.is_ok() {}
    }

    /// Who may be called, as calls read it. It is this endpointer's to change.
    pub fn roster(&self) -> &Roster<Arc<C>> {
        &self.0.roster
    }

    /// What discovery knows: generation, error, age and the rest.
    pub fn state(&self) -> State {
        self.0.view.state()
    }

    /// The service, as the source calls it.
    pub fn service(&self) -> &str {
        self.0.view.service()
    }

    /// What goes on, for people: who is there, how each stands and why.
    pub fn explain(&self) -> Explanation {
        let (now, overview) = (Instant::now(), self.0.overview.borrow().clone());
        Explanation::new(self.service(), &self.state(), self.0.roster.why_none(now), &overview, now)
    }

    pub(super) fn shared_roster(&self) -> Arc<Roster<Arc<C>>> {
        Arc::clone(&self.0.roster)
    }
}

impl<C> Clone for Endpointer<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for Endpointer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpointer").field("view", &self.0.view).field("roster", &self.0.roster).finish_non_exhaustive()
    }
}
