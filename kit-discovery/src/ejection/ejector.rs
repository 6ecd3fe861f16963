use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit_core::sources::{Random, ThreadRandom};
use kit_core::{Instance, Observer};

use super::{Cause, Config, Event};
use crate::balance::clock::nanos;
use crate::balance::vitals::Vitals;

/// Takes instances of one set out. Its lock is taken when one is, and when the set changes: never by a call that goes well.
pub(crate) struct Ejector {
    config: Config,
    random: Arc<dyn Random>,
    observer: Arc<dyn Observer<Event>>,
    set: Mutex<Vec<Arc<Vitals>>>,
}

impl Ejector {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, random: Arc::new(ThreadRandom), observer: Arc::new(()), set: Mutex::default() }
    }

    pub(crate) fn set_random(&mut self, random: Arc<dyn Random>) {
        self.random = random;
    }

    pub(crate) fn set_observer(&mut self, observer: Arc<dyn Observer<Event>>) {
        self.observer = observer;
    }

    /// Of these one may be out.
    pub(crate) fn follow(&self, set: Vec<Arc<Vitals>>) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = set;
    }

    /// A call that began and ended at these times has worked or failed.
    pub(crate) fn note(&self, instance: &Instance, vitals: &Vitals, failed: bool, begun: u64, now: u64) {
        // What began before it was last out says nothing of it as it is now.
        if begun < vitals.since() {
            return;
        }
        if let Some(cause) = vitals.record().note(failed, now, &self.config) {
            self.eject(instance, vitals, cause, now);
        }
    }

    #[cold]
    fn eject(&self, instance: &Instance, vitals: &Vitals, cause: Cause, now: u64) {
        let event = {
            let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
            if vitals.is_ejected(now) || !set.iter().any(|known| std::ptr::eq(&**known, vitals)) {
                return;
            }
            vitals.record().clear();
            let out = set.iter().filter(|known| known.is_ejected(now)).count();
            let most = (self.config.max_share * set.len() as f64).floor() as usize;
            if out >= most {
                Event::Spared { instance: Arc::clone(&instance.id), cause }
            } else {
                let forgiven = (now - vitals.since().min(now)) / nanos(self.config.window);
                let times = vitals.record().again(forgiven);
                let lasting = self.lasting(times);
                vitals.set_since(now.saturating_add(nanos(lasting)));
                Event::Ejected { instance: Arc::clone(&instance.id), cause, lasting, times }
            }
        };
        self.observer.observe(&event);
    }

    /// A multiple of the base, and up to a fifth more, so that what went out together does not return together.
    fn lasting(&self, times: u32) -> Duration {
        let whole = self.config.base.saturating_mul(times).min(self.config.max / 6 * 5);
        (whole + self.random.jitter(whole / 5)).min(self.config.max)
    }
}

impl fmt::Debug for Ejector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ejector").field("config", &self.config).finish_non_exhaustive()
    }
}
