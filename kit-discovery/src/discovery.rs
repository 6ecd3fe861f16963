use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use kit_core::sources::{Random, ThreadRandom};
use kit_core::task::{Owned, caught};
use kit_core::{Error, Observer};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::backoff::{Backoff, Pauses};
use crate::event::Event;
use crate::instancer::Instancer;
use crate::publisher::Publisher;
use crate::source::Source;
use crate::state::State;
use crate::subscription::{Stopped, Subscription};

/// A [`Source`] that runs: in a task of its own, which ends when this is stopped or dropped.
///
/// A source that fails, or panics, is asked again for ever, with [`Backoff`]; meanwhile the last good set stays.
pub struct Discovery {
    subscription: Subscription,
    task: Mutex<Option<Owned<()>>>,
}

/// A [`Discovery`] that is not running yet.
pub struct Builder<S> {
    source: S,
    publisher: Publisher,
    backoff: Backoff,
    random: Arc<dyn Random>,
}

impl Discovery {
    /// Of `service`, which events and metrics call it, from `source`.
    pub fn of<S: Source>(service: impl Into<Arc<str>>, source: S) -> Builder<S> {
        Builder {
            source,
            publisher: Publisher::new(service),
            backoff: Backoff::default(),
            random: Arc::new(ThreadRandom),
        }
    }

    /// Waits for the first set, be it empty: at once if there is one.
    ///
    /// # Errors
    /// [`Stopped`] if it was stopped before it had one.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn ready(&self) -> Result<State, Stopped> {
        self.subscription.ready().await
    }
}

impl<S: Source> Builder<S> {
    /// Under another name in events and metrics than the source's own.
    pub fn called(mut self, service: impl Into<Arc<str>>) -> Self {
        self.publisher = self.publisher.called(service);
        self
    }

    /// Tells `observer` of changes and of troubles, those at most once a minute each.
    pub fn observer(mut self, observer: impl Observer<Event> + 'static) -> Self {
        self.publisher = self.publisher.observer(observer);
        self
    }

    /// With these pauses after failures.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// With pauses jittered by `random`.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Spawns the task that follows the source.
    ///
    /// # Errors
    /// `InvalidArgument` for a back-off out of its range.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(self) -> Result<Discovery, Error> {
        let backoff = self.backoff.check()?;
        let subscription = self.publisher.subscribe();
        let task = Owned::spawn(follow(self.source, self.publisher, Pauses::new(backoff), self.random));
        Ok(Discovery { subscription, task: Mutex::new(Some(task)) })
    }
}

impl Instancer for Discovery {
    fn subscribe(&self) -> Subscription {
        self.subscription.renewed()
    }

    fn stop(&self) {
        drop(self.task.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

async fn follow(mut source: impl Source, mut publisher: Publisher, mut pauses: Pauses, random: Arc<dyn Random>) {
    loop {
        match caught(source.next()).await {
            Ok(answer) => {
                pauses.reset();
                publisher.publish(answer);
                // A source that always has something to say must not keep the others of its thread waiting, nor a stop.
                yield_now().await;
            }
            Err(error) => {
                publisher.fail(error);
                sleep(pauses.pause(&*random)).await;
            }
        }
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Builder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("publisher", &self.publisher)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
