use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Budget, Config};
use crate::config::ConfigError;

/// Budgets by name: whoever asks for the same one shares it. Clones share the names.
#[derive(Clone, Debug)]
pub struct Budgets(Arc<Names>);

#[derive(Debug)]
struct Names {
    config: Config,
    budgets: Mutex<HashMap<Arc<str>, Budget>>,
}

impl Budgets {
    /// How many names are kept; whoever asks for one more shares the budget named [`OTHER`](Self::OTHER) with all who come after.
    pub const LIMIT: usize = 1_000;

    /// The name of what is shared past the limit.
    pub const OTHER: &'static str = "other";

    /// Budgets that begin with these settings.
    ///
    /// # Errors
    /// [`ConfigError`] for a setting out of its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Names { config: config.check()?, budgets: Mutex::default() })))
    }

    /// The budget of this name, new if nobody has asked for it before. When a client is built, not on every call: it takes a
    /// lock.
    pub fn named(&self, name: &str) -> Budget {
        let mut budgets = self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = budgets.get(name) {
            return budget.clone();
        }
        // One place is kept for what is shared.
        let name = if budgets.len() < Self::LIMIT - 1 { name } else { Self::OTHER };
        let budget = budgets.entry(name.into()).or_insert_with(|| Budget::checked(self.0.config, name));
        budget.clone()
    }

    /// All of them, in no order: for a page or a metric that shows them.
    pub fn all(&self) -> Vec<Budget> {
        self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// Of the default settings.
impl Default for Budgets {
    fn default() -> Self {
        Self(Arc::new(Names { config: Config::default(), budgets: Mutex::default() }))
    }
}
