//! A backend that keeps what it was handed, for tests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::Backend;
use crate::snapshot::Snapshot;

/// Keeps the snapshot it was handed last; clones share it.
///
/// A test that only wants a value reads [`Registry::snapshot`](crate::Registry::snapshot); this one is for tests of
/// what hands snapshots on.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// let registry = kit_metrics::Registry::new();
/// let memory = kit_metrics::Memory::new();
/// registry.counter("jobs_total", "Jobs done").unlabelled()?.inc();
/// let reporter = kit_metrics::Reporter::start(&registry, Duration::from_secs(10), memory.clone())?;
/// reporter.shutdown(Duration::from_secs(1));
/// assert_eq!(memory.last().value("jobs_total", &[]), Some(1.0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    last: Snapshot,
    exports: usize,
}

impl Memory {
    /// Holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The last snapshot; an empty one before the first.
    pub fn last(&self) -> Snapshot {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last.clone()
    }

    /// How many snapshots came.
    pub fn exports(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).exports
    }
}

impl Backend for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn export(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last = snapshot.clone();
        kept.exports += 1;
        Ok(())
    }
}
