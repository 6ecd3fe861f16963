use std::sync::Arc;
use std::time::Duration;

use super::{Probe, Status};
use crate::error::Error;

/// A check, or a gate, stands otherwise than when it was last asked. Until then a check counts as healthy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Changed {
    /// The probe it is registered for.
    pub probe: Probe,
    /// Its name.
    pub name: Arc<str>,
    /// How it stands now.
    pub status: Status,
    /// Why it fails: for the log alone. None for a gate.
    pub error: Option<Error>,
    /// How long the check took.
    pub took: Duration,
}
