//! What nobody uses is let go.

use std::sync::Arc;

use kit_core::task::Owned;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

use super::Pool;
use super::state::State;

impl Pool {
    /// Sees to it that what is kept is not kept too long.
    pub(super) fn clear_out(self: &Arc<Self>, state: &mut State, now: Instant) {
        if state.reaper.as_ref().is_some_and(|reaper| !reaper.is_finished()) || Handle::try_current().is_err() {
            return;
        }
        let config = self.config();
        let soon = config.max_age.map_or(config.idle_timeout, |age| age.min(config.idle_timeout));
        let (pool, mut next) = (Arc::downgrade(self), now + soon);
        state.reaper = Some(Owned::spawn(async move {
            loop {
                sleep_until(next).await;
                match pool.upgrade().and_then(|pool| pool.clear()) {
                    Some(again) => next = again,
                    None => return,
                }
            }
        }));
    }

    /// Lets go of what nobody has used for its time, and says when to look again, if at all.
    fn clear(&self) -> Option<Instant> {
        let mut gone = Vec::new();
        let mut state = self.state();
        let again = state.kind.clear(Instant::now(), &mut gone);
        // Who asks is the reaper, which ends then.
        let reaper = if again.is_none() { state.reaper.take() } else { None };
        drop(state);
        drop((gone, reaper));
        again
    }
}
