//! Whom a layer tells of its events.

use std::fmt;
use std::sync::Arc;

use kit_core::Observer;

/// Perhaps an observer. Kept beside a layer's state, not in it: one who is added later does not hear of others' calls.
pub(crate) struct Tell<Event>(Option<Arc<dyn Observer<Event>>>);

impl<Event> Tell<Event> {
    pub(crate) fn new(observer: impl Observer<Event> + 'static) -> Self {
        Self(Some(Arc::new(observer)))
    }

    /// Tells what `event` makes, which is made only if somebody listens.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.0 {
            observer.observe(&event());
        }
    }
}

impl<Event> Clone for Tell<Event> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Nobody.
impl<Event> Default for Tell<Event> {
    fn default() -> Self {
        Self(None)
    }
}

impl<Event> fmt::Debug for Tell<Event> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Tell(somebody)" } else { "Tell(nobody)" })
    }
}
