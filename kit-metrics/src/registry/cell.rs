//! What the registry asks of an instrument.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::RegisterError;
use crate::registry::meta::Meta;
use crate::snapshot::{Kind, Value};
use crate::unit::Unit;

/// A handle that a family can make and a snapshot can read.
pub trait Cell: Clone + Send + Sync + 'static {
    const KIND: Kind;

    fn new(meta: &Meta, refusals: &Refusals) -> Self;

    fn read(&self) -> Value;

    /// The unit that a family of this name has.
    fn unit(name: &str) -> Unit {
        Unit::of(name)
    }

    /// The bounds of a new family, or its quantiles.
    fn bounds(_name: &str, _asked: Option<&[f64]>) -> Result<Vec<f64>, RegisterError> {
        Ok(Vec::new())
    }

    /// What a new family's quantiles look back on.
    fn window(_name: &str, _asked: Option<Duration>) -> Result<Duration, RegisterError> {
        Ok(Duration::ZERO)
    }

    /// Lines of a scrape that one label set takes.
    fn lines(_bounds: usize) -> usize {
        1
    }
}

/// Counts values of a family that an instrument would not take.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<AtomicU64>);

impl Refusals {
    #[cold]
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
