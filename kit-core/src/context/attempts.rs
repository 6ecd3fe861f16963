use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which try this is, and which instances the tries before it were sent to.
///
/// Retry, hedge and balancer are layers apart: the balancer that picks for the second attempt reads here what the first one
/// tried, also while that one still runs, and who refused it. Forks of one call share the list if they are asked to; the number is
/// each fork's own.
#[derive(Clone, Default)]
pub struct Attempts {
    number: u32,
    tracked: bool,
    repeated_above: bool,
    /// The one of `Tried::One` did.
    refused: bool,
    tried: Tried,
}

/// Most calls are tried once: the first name needs no allocation.
#[derive(Clone)]
enum Tried {
    One(Arc<str>),
    Many(Option<Arc<Mutex<Vec<Try>>>>),
}

#[derive(Clone)]
struct Try {
    instance: Arc<str>,
    refused: bool,
}

impl Attempts {
    /// The metadata key that says how many attempts of a call came before: written by what repeats calls, on every attempt but
    /// the first, and by a [child](super::Context::child) of such an attempt; read by
    /// [`Context::is_repeat`](super::Context::is_repeat). The name is gRPC's (proposal A6).
    pub const PREVIOUS: &'static str = "grpc-previous-rpc-attempts";

    /// This attempt's number: 0 for the first, or where nothing retries.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Names this attempt. Retry and hedge do, on the fork they made for it.
    pub fn set_number(&mut self, number: u32) {
        self.number = number;
    }

    /// Begins a list, without an allocation for its first name. Without a list, [`record`](Self::record) does nothing: a call
    /// that is never repeated has nobody to tell.
    pub fn track(&mut self) {
        self.tracked = true;
    }

    /// Begins a list that this context's forks share from here on, for attempts that run side by side.
    pub fn share(&mut self) {
        self.tracked = true;
        if !matches!(self.tried, Tried::Many(Some(_))) {
            self.tried = Tried::many(self.take_one().into_iter().collect());
        }
    }

    /// Notes that an attempt goes to this instance.
    #[inline]
    pub fn record(&mut self, instance: &Arc<str>) {
        if self.tracked {
            self.add(Arc::clone(instance));
        }
    }

    /// Notes that the attempt that went to this instance was refused there on this side, by its breaker or its bulkhead: what picks
    /// for another attempt of this call passes it over, whoever else is left.
    pub fn record_refusal(&mut self, instance: &str) {
        match &self.tried {
            Tried::One(one) => self.refused |= &**one == instance,
            Tried::Many(None) => {}
            Tried::Many(Some(tried)) => {
                for one in lock(tried).iter_mut().filter(|one| &*one.instance == instance) {
                    one.refused = true;
                }
            }
        }
    }

    /// The instances tried so far, in order; one tried twice is there twice.
    pub fn tried(&self) -> Vec<Arc<str>> {
        match &self.tried {
            Tried::One(one) => vec![Arc::clone(one)],
            Tried::Many(None) => Vec::new(),
            Tried::Many(Some(tried)) => lock(tried).iter().map(|one| Arc::clone(&one.instance)).collect(),
        }
    }

    /// Whether an attempt went to this instance.
    #[inline]
    pub fn has_tried(&self, instance: &str) -> bool {
        // Most calls have tried nobody.
        !matches!(self.tried, Tried::Many(None)) && self.any(|one, _| one == instance)
    }

    /// Whether an attempt that went to this instance was [refused](Self::record_refusal).
    pub fn was_refused(&self, instance: &str) -> bool {
        self.any(|one, refused| refused && one == instance)
    }

    fn add(&mut self, instance: Arc<str>) {
        if let Tried::Many(Some(tried)) = &self.tried {
            return lock(tried).push(Try { instance, refused: false });
        }
        self.tried = match self.take_one() {
            None => Tried::One(instance),
            Some(first) => Tried::many(vec![first, Try { instance, refused: false }]),
        };
    }

    fn any(&self, is: impl Fn(&str, bool) -> bool) -> bool {
        match &self.tried {
            Tried::One(one) => is(one, self.refused),
            Tried::Many(None) => false,
            Tried::Many(Some(tried)) => lock(tried).iter().any(|one| is(&one.instance, one.refused)),
        }
    }

    /// Moves the one and only out.
    fn take_one(&mut self) -> Option<Try> {
        let refused = std::mem::take(&mut self.refused);
        match std::mem::take(&mut self.tried) {
            Tried::One(instance) => Some(Try { instance, refused }),
            Tried::Many(_) => None,
        }
    }

    /// Whether this is an attempt after the first, or below one.
    pub(super) fn is_repeat(&self) -> bool {
        self.number > 0 || self.repeated_above
    }

    /// Those of a call that is made for a repeat.
    pub(super) fn of_a_repeat() -> Self {
        Self { repeated_above: true, ..Self::default() }
    }
}

impl Tried {
    fn many(tried: Vec<Try>) -> Self {
        Self::Many(Some(Arc::new(Mutex::new(tried))))
    }
}

impl Default for Tried {
    fn default() -> Self {
        Self::Many(None)
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").field("number", &self.number).field("tried", &self.tried()).finish_non_exhaustive()
    }
}

fn lock(tried: &Mutex<Vec<Try>>) -> MutexGuard<'_, Vec<Try>> {
    tried.lock().unwrap_or_else(PoisonError::into_inner)
}
