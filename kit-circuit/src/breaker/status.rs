use tokio::time::Instant;

use super::{Reason, State};

/// How a breaker stands, since when and why: what its changes are watched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How it stands.
    pub state: State,
    /// Since when.
    pub since: Instant,
    /// When the open time, or the longest stay half-open, is over.
    pub until: Option<Instant>,
    /// Why it last opened; kept when it closes.
    pub reason: Option<Reason>,
    pub(super) period: u32,
}
