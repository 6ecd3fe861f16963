use std::sync::Arc;

use crate::subscription::Subscription;

/// Follows the instances of one service.
///
/// What it knows is a [`State`](crate::State) on a watch channel, so that it never waits for a reader and every reader sees
/// the latest. It never gives up: a source that fails is tried for ever, with back-off, and says so in the state.
/// `testing::contract` (feature `testing`) checks an implementation; [`Discovery`](crate::Discovery) is one for any
/// [`Source`](crate::Source).
pub trait Instancer: Send + Sync {
    /// What it knows, now and later.
    fn subscribe(&self) -> Subscription;

    /// Stops it: within 100 ms its tasks have ended and its subscriptions say so, whatever it was waiting for. To stop it
    /// again does nothing; to drop it stops it too.
    fn stop(&self);
}

impl<I: Instancer + ?Sized> Instancer for Arc<I> {
    fn subscribe(&self) -> Subscription {
        (**self).subscribe()
    }

    fn stop(&self) {
        (**self).stop();
    }
}

impl<I: Instancer + ?Sized> Instancer for Box<I> {
    fn subscribe(&self) -> Subscription {
        (**self).subscribe()
    }

    fn stop(&self) {
        (**self).stop();
    }
}
