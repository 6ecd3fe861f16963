use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::Config;
use super::slots::{Second, Slots};
use crate::config::ConfigError;
use crate::live::Live;

/// What retries and hedges spend. Clones share it; it has no other handle.
///
/// The default is that of the configuration, under no name.
#[derive(Clone, Debug)]
pub struct Budget(Arc<State>);

#[derive(Debug)]
struct State {
    name: Arc<str>,
    config: Live<Config>,
    began: Instant,
    calls: Slots,
    /// Held while the sum is taken and one is added: whoever asks for the last one is alone.
    spent: Mutex<Spent>,
    refused: AtomicU64,
    granted: AtomicU64,
}

#[derive(Debug, Default)]
struct Spent {
    slots: Slots,
    /// The latest second of any: a context that nobody has stamped for a while may not spend in the past.
    last: Second,
}

/// A reading of a [`Budget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls within the window.
    pub calls: u64,
    /// What repeats took that still count.
    pub spent: u64,
    /// What may be spent now.
    pub left: u64,
    /// Repeats allowed since the budget was made.
    pub granted: u64,
    /// Repeats that it did not allow.
    pub refused: u64,
}

impl Budget {
    /// A budget under no name.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::checked(config.check()?, ""))
    }

    pub(crate) fn checked(config: Config, name: &str) -> Self {
        Self(Arc::new(State {
            name: name.into(),
            config: Live::new(config),
            began: Instant::now(),
            calls: Slots::default(),
            spent: Mutex::default(),
            refused: AtomicU64::new(0),
            granted: AtomicU64::new(0),
        }))
    }

    /// Its name; empty if it has none.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Counts a call that is made for the first time. What repeats calls does, once for each.
    pub fn call(&self, now: Instant) {
        self.0.calls.add(self.second(now), 1);
    }

    /// Takes what a repeat costs, if there is so much: 1, or more if the repeat is likely to be in vain. Retries take 2 after a
    /// time-out.
    ///
    /// What was taken is spent, also if the repeat is never made.
    #[must_use = "no: the call is not to be repeated"]
    pub fn spend(&self, now: Instant, cost: u32) -> bool {
        let cost = u64::from(cost);
        let config = **self.0.config.load();
        let granted = {
            let mut spent = self.0.spent.lock().unwrap_or_else(PoisonError::into_inner);
            spent.last = spent.last.max(self.second(now));
            let (calls, before) = self.count(&config, spent.last, &spent.slots);
            let granted = before + cost <= config.allows(calls);
            if granted {
                spent.slots.add(spent.last, cost);
            }
            granted
        };
        let counter = if granted { &self.0.granted } else { &self.0.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        granted
    }

    /// How it stands at `now`.
    pub fn stats(&self, now: Instant) -> Stats {
        let config = **self.0.config.load();
        let (calls, spent) = {
            let spent = self.0.spent.lock().unwrap_or_else(PoisonError::into_inner);
            self.count(&config, self.second(now), &spent.slots)
        };
        Stats {
            calls,
            spent,
            left: config.allows(calls).saturating_sub(spent),
            granted: self.0.granted.load(Ordering::Relaxed),
            refused: self.0.refused.load(Ordering::Relaxed),
        }
    }

    /// Other settings, from now on; what was counted stays.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range; nothing changes then.
    pub fn set(&self, config: Config) -> Result<(), ConfigError> {
        self.0.config.set(config.check()?);
        Ok(())
    }

    /// Its settings.
    pub fn config(&self) -> Config {
        **self.0.config.load()
    }

    /// Calls and repeats of the window. What was spent counts one slot longer, since its slot may be as good as over.
    fn count(&self, config: &Config, second: Second, spent: &Slots) -> (u64, u64) {
        let window = config.window.as_secs();
        (self.0.calls.sum(second, window), spent.sum(second, window + 1))
    }

    fn second(&self, now: Instant) -> Second {
        now.saturating_duration_since(self.0.began).as_secs()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::checked(Config::default(), "")
    }
}
