use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Which try this is, and which instances the tries before it were sent to.
///
/// Retry, hedge and balancer are layers apart: the balancer that picks for the second attempt reads here what the first one
/// tried, also while that one still runs. Forks of one call share the list; the number is each fork's own.
#[derive(Clone, Default)]
pub struct Attempts {
    number: u32,
    tried: Option<Arc<Mutex<Vec<Arc<str>>>>>,
}

impl Attempts {
    /// This attempt's number: 0 for the first, or where nothing retries.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Names this attempt. Retry and hedge do, on the fork they made for it.
    pub fn set_number(&mut self, number: u32) {
        self.number = number;
    }

    /// Begins a list that this context's forks share. Without one, [`record`](Self::record) does nothing: a call that is
    /// never repeated has nobody to tell.
    pub fn track(&mut self) {
        self.tried.get_or_insert_default();
    }

    /// Notes that an attempt goes to this instance.
    pub fn record(&self, instance: &Arc<str>) {
        if let Some(tried) = &self.tried {
            tried.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(instance));
        }
    }

    /// The instances tried so far, in order; one tried twice is there twice.
    pub fn tried(&self) -> Vec<Arc<str>> {
        self.tried.as_ref().map_or_else(Vec::new, |tried| tried.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Whether an attempt went to this instance.
    pub fn has_tried(&self, instance: &str) -> bool {
        let tried = self.tried.as_ref().map(|tried| tried.lock().unwrap_or_else(PoisonError::into_inner));
        tried.is_some_and(|tried| tried.iter().any(|one| &**one == instance))
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("number", &self.number).field("tried", &self.tried()).finish()
    }
}
