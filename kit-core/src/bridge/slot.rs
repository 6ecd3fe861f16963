use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::context::Context;

/// A context on its way through services that know nothing of it: in the extensions of an HTTP request, where a handler
/// of another framework may read it too.
#[derive(Clone, Default)]
pub struct Slot(Arc<Mutex<Option<Context>>>);

impl Slot {
    /// A slot that holds `cx`.
    pub fn new(cx: Context) -> Self {
        Self(Arc::new(Mutex::new(Some(cx))))
    }

    /// Takes the context out; `None` while an inner endpoint has it.
    pub fn take(&self) -> Option<Context> {
        self.lock().take()
    }

    /// Puts the context back.
    pub fn put(&self, cx: Context) {
        *self.lock() = Some(cx);
    }

    /// Looks at the context, or writes to it, where it is; `None` while an inner endpoint has it. The slot is locked
    /// meanwhile: `with` must not come back to it.
    pub fn with<R>(&self, with: impl FnOnce(&mut Context) -> R) -> Option<R> {
        self.lock().as_mut().map(with)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Context>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// A fork on its way through a service: merged when the call ends by itself, abandoned with the call otherwise, whoever
/// else still holds the slot.
pub(super) struct Lent(Slot);

impl Lent {
    pub(super) fn new(cx: &mut Context) -> Self {
        Self(Slot::new(cx.fork()))
    }

    pub(super) fn slot(&self) -> Slot {
        self.0.clone()
    }

    pub(super) fn merge_into(self, cx: &mut Context) {
        if let Some(inner) = self.0.take() {
            cx.merge(inner);
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}
