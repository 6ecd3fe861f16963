use std::fmt;
use std::sync::{Mutex, PoisonError};

use kit_core::Instance;
use kit_core::task::{Owned, caught};

use crate::answer::{Answer, Found};
use crate::instancer::Instancer;
use crate::publisher::Publisher;
use crate::state::State;
use crate::subscription::Subscription;

/// The instances of another instancer as one consumer wants them: fewer of them, or each at another address.
///
/// A function makes of each instance what this consumer is to see, or leaves it out. It is asked again with every change, and should be
/// quick and always say the same. Errors, and what could not be read, are passed on with the set that they belong to; a function that
/// panics is a failure, which keeps the last set. Events are told to the observer of the inner instancer alone.
///
/// ```
/// use kit_core::Instance;
/// use kit_discovery::{Fixed, Instancer as _, Mapped};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), kit_core::Error> {
/// let mut blue = Instance::new("10.0.0.1:80");
/// blue.tags.push("blue".into());
/// let all = Fixed::new("strings", [blue, Instance::new("10.0.0.2:80")])?;
///
/// let blue = Mapped::new(all, |instance| instance.tags.iter().any(|tag| **tag == *"blue").then_some(instance));
/// assert_eq!(blue.subscribe().ready().await?.instances().map(|set| set.len()), Some(1));
/// # Ok(()) }
/// ```
pub struct Mapped {
    inner: Box<dyn Instancer>,
    subscription: Subscription,
    task: Mutex<Option<Owned<()>>>,
}

impl Mapped {
    /// What `each` makes of the instances that `inner` finds, under the name that they have there. `inner` is stopped with it.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        inner: impl Instancer + 'static,
        each: impl FnMut(Instance) -> Option<Instance> + Send + 'static,
    ) -> Self {
        let from = inner.subscribe();
        let publisher = Publisher::new(from.service());
        let subscription = publisher.subscribe();
        let task = Mutex::new(Some(Owned::spawn(follow(from, each, publisher))));
        Self { inner: Box::new(inner), subscription, task }
    }
}

impl Instancer for Mapped {
    fn subscribe(&self) -> Subscription {
        self.subscription.renewed()
    }

    fn stop(&self) {
        self.inner.stop();
        drop(self.task.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

async fn follow(
    mut from: Subscription,
    mut each: impl FnMut(Instance) -> Option<Instance> + Send,
    mut publisher: Publisher,
) {
    let mut seen = 0;
    while let Ok(state) = from.changed().await {
        // A set and the failure after it may come as one: the set is told first, as it was.
        if state.generation() != seen || state.error().is_none() {
            match caught(async { Ok(answer(&state, &mut each)) }).await {
                Ok(answer) => {
                    seen = state.generation();
                    publisher.publish(answer);
                }
                Err(error) => publisher.fail(error),
            }
        }
        if let Some(error) = state.error() {
            publisher.fail(error.clone());
        }
    }
}

fn answer(state: &State, each: &mut impl FnMut(Instance) -> Option<Instance>) -> Answer {
    let set = state.instances().into_iter().flatten();
    let instances: Vec<_> = set.filter_map(|instance| each(Instance::clone(instance))).collect();
    match instances.is_empty() {
        // Nobody is left: that is not because some could not be read.
        true => Answer::new([]),
        false => Answer(Some(Found { instances, skipped: state.skipped().to_vec(), count: state.skipped_count() })),
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}
