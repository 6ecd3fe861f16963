//! What is fixed about a family when it is registered.

use std::sync::Arc;
use std::time::Duration;

use crate::snapshot::Kind;
use crate::unit::Unit;

/// Name and shape of a family.
#[derive(Debug)]
pub struct Meta {
    pub(crate) name: Arc<str>,
    pub(crate) help: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) labels: Arc<[Box<str>]>,
    /// The bounds of a histogram, the quantiles of a summary.
    pub(crate) bounds: Arc<[f64]>,
    /// What a summary's quantiles look back on.
    pub(crate) window: Duration,
    /// Label sets kept before new ones go to `other`.
    pub(crate) limit: usize,
}

impl Meta {
    /// What differs in shape; help text and limit are the first registrant's.
    pub(crate) fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.kind != other.kind {
            Some("kind")
        } else if self.unit != other.unit {
            Some("unit")
        } else if self.labels != other.labels {
            Some("list of labels")
        } else if self.bounds != other.bounds {
            Some("list of buckets or quantiles")
        } else if self.window != other.window {
            Some("window")
        } else {
            None
        }
    }
}
